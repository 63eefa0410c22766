using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Records.Search;

/// <summary>Makes cursors opaque and good for one caller alone: they hold a query, which may be personal, and must not widen what a
/// caller sees whose scopes have shrunk. AES-256-GCM under a key derived from the site's; the caller is associated data.</summary>
internal sealed class CursorSeal(byte[] key)
{
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const int TextLimit = 16_384;

    public string Seal(Cursor cursor, Caller caller)
    {
        var plain = JsonSerializer.SerializeToUtf8Bytes(cursor, CursorJson.Default.Cursor);
        var bytes = new byte[NonceLength + TagLength + plain.Length];
        RandomNumberGenerator.Fill(bytes.AsSpan(0, NonceLength));
        using var cipher = new AesGcm(key, TagLength);
        cipher.Encrypt(bytes.AsSpan(0, NonceLength), plain, bytes.AsSpan(NonceLength + TagLength), bytes.AsSpan(NonceLength, TagLength), Bound(caller));
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Null: altered, another caller's, or another site's.</summary>
    public Cursor? Open(string text, Caller caller)
    {
        if (text.Length > TextLimit || !Base64Url.IsValid(text, out var length) || length < NonceLength + TagLength)
        {
            return null;
        }

        var bytes = Base64Url.DecodeFromChars(text);
        var plain = new byte[bytes.Length - NonceLength - TagLength];
        using var cipher = new AesGcm(key, TagLength);
        try
        {
            cipher.Decrypt(bytes.AsSpan(0, NonceLength), bytes.AsSpan(NonceLength + TagLength), bytes.AsSpan(NonceLength, TagLength), plain, Bound(caller));
            return JsonSerializer.Deserialize(plain, CursorJson.Default.Cursor);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private static byte[] Bound(Caller caller) => Encoding.UTF8.GetBytes(string.Join('\n',
        caller.Kind, caller.Site, caller.Subject, caller.Patient, caller.Purpose, caller.ForwardedBy,
        string.Join(' ', caller.Roles.Order(StringComparer.Ordinal)), string.Join(' ', caller.Scopes.Order(StringComparer.Ordinal))));
}
