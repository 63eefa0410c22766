using System.Collections.Concurrent;
using System.Security.Cryptography;
using EdgeMesh.Services.Records.Indexing;

namespace EdgeMesh.Services.Records.Projection;

/// <summary>What a write has extracted already, until the projection comes by: so a resource is parsed once, not twice. Keyed by the
/// sealed body, which is unique. Losing an entry costs a parse.</summary>
internal sealed class ExtractionCache
{
    private const int Limit = 20_000;

    private readonly ConcurrentDictionary<Int128, IndexEntry> _entries = new();

    public void Put(ReadOnlySpan<byte> sealedBody, IndexEntry entry)
    {
        // Entries of commits that were refused stay behind; they are few, and go when the limit is met.
        if (_entries.Count >= Limit)
        {
            _entries.Clear();
        }

        _entries[Name(sealedBody)] = entry;
    }

    public IndexEntry? Peek(ReadOnlySpan<byte> sealedBody) => _entries.GetValueOrDefault(Name(sealedBody));

    public IndexEntry? Take(ReadOnlySpan<byte> sealedBody) => _entries.TryRemove(Name(sealedBody), out var entry) ? entry : null;

    private static Int128 Name(ReadOnlySpan<byte> sealedBody)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(sealedBody, hash);
        return new Int128(BitConverter.ToUInt64(hash), BitConverter.ToUInt64(hash[8..]));
    }
}
