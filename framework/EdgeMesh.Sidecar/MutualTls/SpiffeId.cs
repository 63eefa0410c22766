using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeMesh.Sidecar.BuildingBlocks.Invocation;

namespace EdgeMesh.Sidecar.MutualTls;

/// <summary>Identities in certificates, as SPIFFE has them (X.509-SVID): one URI among the subject's alternative names.</summary>
internal static class SpiffeId
{
    private const string Scheme = "spiffe://";
    private const string AlternativeNames = "2.5.29.17";
    private static readonly Asn1Tag UriTag = new(TagClass.ContextSpecific, 6);

    /// <summary>Null: the certificate has none, or more than one, or one of another shape than Dapr's.</summary>
    public static CallerIdentity? Read(X509Certificate2 certificate)
    {
        try
        {
            return certificate.Extensions.FirstOrDefault(e => e.Oid?.Value == AlternativeNames) is { } names && Uris(names) is [var uri] ? Parse(uri) : null;
        }
        catch (Exception error) when (error is AsnContentException or CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Null: it is no identity of an app.</summary>
    public static CallerIdentity? Parse(string uri) =>
        uri.StartsWith(Scheme, StringComparison.Ordinal) && uri[Scheme.Length..].Split('/') is [{ Length: > 0 } domain, "ns", { Length: > 0 } space, { Length: > 0 } app]
            ? new CallerIdentity(domain, space, app)
            : null;

    private static List<string> Uris(X509Extension names)
    {
        var reader = new AsnReader(names.RawData, AsnEncodingRules.DER).ReadSequence();
        var uris = new List<string>();
        while (reader.HasData)
        {
            if (reader.PeekTag().HasSameClassAndValue(UriTag))
            {
                uris.Add(reader.ReadCharacterString(UniversalTagNumber.IA5String, UriTag));
            }
            else
            {
                reader.ReadEncodedValue();
            }
        }

        return uris;
    }
}
