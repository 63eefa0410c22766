using System.Collections.Concurrent;
using Google.Protobuf;
using Wire = EdgeMesh.Replication.Wire;

namespace EdgeMesh.Replication;

/// <summary>Reads batches and bodies; the last ones from memory.</summary>
internal sealed class BatchLog(JournalKeys keys, IJournalStore store)
{
    private const int BatchCacheLimit = 512;
    private const long BodyCacheBytes = 16 * 1024 * 1024;

    private readonly ConcurrentDictionary<(uint Epoch, long Batch), Wire.Batch> _batches = new();
    private readonly BodyCache _bodies = new(BodyCacheBytes);

    /// <summary>A durable batch with all its records.</summary>
    public async ValueTask<Wire.Batch> ReadAsync(uint epoch, long number, CancellationToken cancellation)
    {
        if (_batches.TryGetValue((epoch, number), out var known))
        {
            return known;
        }

        var row = await store.GetRowAsync(keys.Batch(epoch, number), cancellation)
            ?? throw new InvalidDataException($"The journal's head is past batch {epoch}.{number}, and its row is missing. Restore it from the mirror at the core.");
        var batch = Wire.Batch.Parser.ParseFrom(row.Value.Span);
        if (batch.Chunks > 0)
        {
            var chunks = await store.GetBodiesAsync([.. Enumerable.Range(0, batch.Chunks).Select(c => batch.Manifest + c)], cancellation);
            foreach (var chunk in chunks)
            {
                batch.Records.Add(Wire.Records.Parser.ParseFrom((chunk ?? throw new InvalidDataException($"A part of batch {epoch}.{number} is missing in bodies.")).Span).Records_);
            }
        }

        Remember(epoch, number, batch);
        return batch;
    }

    public void Remember(uint epoch, long number, Wire.Batch batch)
    {
        if (_batches.Count >= BatchCacheLimit)
        {
            foreach (var old in _batches.Keys.OrderBy(k => k).Take(BatchCacheLimit / 4))
            {
                _batches.TryRemove(old, out _);
            }
        }

        _batches[(epoch, number)] = batch;
    }

    public void Remember(string key, ReadOnlyMemory<byte> body) => _bodies.Add(key, body);

    public void Forget(string key) => _bodies.Remove(key);

    /// <summary>The body of a version; empty for a tombstone, and for one that is missing here.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> BodyAsync(Wire.DocumentVersion version, CancellationToken cancellation)
    {
        if (!version.Body.IsEmpty || version.BodyKey.Length == 0)
        {
            return version.Body.Memory;
        }

        if (!_bodies.TryGet(version.BodyKey, out var value))
        {
            if (await store.GetBodyAsync(version.BodyKey, cancellation) is not { } found)
            {
                return default;
            }

            _bodies.Add(version.BodyKey, value = found);
        }

        return value.Slice(version.BodyOffset, version.BodyLength);
    }
}
