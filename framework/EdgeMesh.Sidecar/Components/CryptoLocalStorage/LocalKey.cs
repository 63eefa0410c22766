using System.Security.Cryptography;

namespace EdgeMesh.Sidecar.Components.CryptoLocalStorage;

/// <summary>A key of a file: symmetric, RSA, or (with neither) of a kind that wraps nothing.</summary>
internal sealed record LocalKey(byte[]? Symmetric, RSA? Rsa) : IDisposable
{
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(Symmetric);
        Rsa?.Dispose();
    }
}
