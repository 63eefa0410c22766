using System.Globalization;
using System.Security.Cryptography;

namespace EdgeMesh.Replication.Storage;

/// <summary>The names of a journal's rows and bodies. They begin with the site, so sites can share a server; Dapr's app id before them keeps
/// owners apart. Everything live is reachable from the head: nothing is ever listed.</summary>
internal sealed class JournalKeys(JournalName name)
{
    private const int DigestLength = 16;

    private readonly string _prefix = $"{name.Site}/{name.Kind}/";

    public string Head => _prefix + "head";

    public string Derived => _prefix + "derived";

    public string Batch(uint epoch, long batch) => string.Create(CultureInfo.InvariantCulture, $"{_prefix}batch/{epoch}/{batch}");

    public string Document(DocumentKey key) => $"{_prefix}doc/{key}";

    public string Feed(JournalName journal) => $"{_prefix}feed/{journal}";

    public string Follower(string name) => $"{_prefix}follower/{name}";

    public string Repeat(ReadOnlySpan<byte> digest) => $"{_prefix}repeat/{Convert.ToHexStringLower(digest)}";

    /// <summary>The random id of the batch is part of the name: an attempt that lost its race leaves values that nobody refers to, and
    /// never touches another's.</summary>
    public string Part(string what, uint epoch, long batch, ReadOnlySpan<byte> id, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{_prefix}{what}/{epoch}/{batch}/{Convert.ToHexStringLower(id)}/{number}");

    /// <summary>Callers choose idempotency keys, so they may be long or personal: only a digest is stored.</summary>
    public static byte[] Digest(string idempotencyKey) => SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(idempotencyKey))[..DigestLength];
}
