using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace EdgeMesh.Replication;

/// <summary>The names of a journal's rows and bodies. They begin with the site, so sites can share a server; the app id before them keeps
/// owners apart. Every row but the head is reachable from the head.</summary>
internal sealed class JournalKeys(JournalName name)
{
    private readonly string _prefix = $"{name.Site}/{name.Kind}/";

    public string Head => _prefix + "head";

    public string Derived => _prefix + "derived";

    public string Batch(uint epoch, long batch) => string.Create(CultureInfo.InvariantCulture, $"{_prefix}batch/{epoch}/{batch}");

    public string Document(DocumentKey key) => $"{_prefix}doc/{key}";

    public string Feed(string journal) => $"{_prefix}feed/{journal}";

    /// <summary>Clients choose idempotency keys, so they may be long or personal: a digest names the row.</summary>
    public string Idempotency(string key) => $"{_prefix}idem/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)).AsSpan(0, 16))}";

    /// <summary>The batch's random id is part of the name: an attempt that lost its race leaves bodies that nobody refers to, and never another's.</summary>
    public string Chunk(uint epoch, long batch, ReadOnlySpan<byte> id, string what, int chunk) =>
        string.Create(CultureInfo.InvariantCulture, $"{_prefix}{what}/{epoch}/{batch}/{Convert.ToHexStringLower(id)}/{chunk}");
}
