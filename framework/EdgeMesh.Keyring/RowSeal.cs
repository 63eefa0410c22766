using System.Security.Cryptography;

namespace EdgeMesh.Keyring;

/// <summary>Seals rows under the site's key, bound to their names: a row that was moved to another's place does not open.</summary>
internal sealed class RowSeal(byte[] siteKey)
{
    private const int NonceLength = 12;
    private const int TagLength = 16;

    public byte[] Seal(string name, ReadOnlySpan<byte> row)
    {
        var bytes = new byte[NonceLength + row.Length + TagLength];
        RandomNumberGenerator.Fill(bytes.AsSpan(0, NonceLength));
        using var aes = new AesGcm(siteKey, TagLength);
        aes.Encrypt(bytes.AsSpan(0, NonceLength), row, bytes.AsSpan(NonceLength, row.Length), bytes.AsSpan(NonceLength + row.Length), System.Text.Encoding.UTF8.GetBytes(name));
        return bytes;
    }

    /// <exception cref="InvalidDataException">It was not sealed here under that name.</exception>
    public byte[] Open(string name, ReadOnlySpan<byte> bytes)
    {
        try
        {
            var row = new byte[Math.Max(0, bytes.Length - NonceLength - TagLength)];
            using var aes = new AesGcm(siteKey, TagLength);
            aes.Decrypt(bytes[..NonceLength], bytes[NonceLength..^TagLength], bytes[^TagLength..], row, System.Text.Encoding.UTF8.GetBytes(name));
            return row;
        }
        catch (Exception error) when (error is AuthenticationTagMismatchException or ArgumentOutOfRangeException)
        {
            throw new InvalidDataException($"The keyring's row '{name}' was altered, or the secret 'site-key' is not the one it was written under. Restore the one or the other.", error);
        }
    }
}
