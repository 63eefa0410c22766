using System.Security.Cryptography;

namespace EdgeMesh.Hosting.Tests.Callers;

/// <summary>A site's P-256 pair for caller tokens.</summary>
internal sealed record CallerKeys(string Private, string Public)
{
    public static CallerKeys Create()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CallerKeys(key.ExportPkcs8PrivateKeyPem(), key.ExportSubjectPublicKeyInfoPem());
    }
}
