using System.Runtime.InteropServices;
using EdgeMesh.Replication.Codec;

namespace EdgeMesh.Replication.Storage;

/// <summary>Reads durable batches and bodies; recent ones come from memory.</summary>
internal sealed class BatchLog(JournalKeys keys, IJournalStore store, JournalOptions options)
{
    /// <summary>A parsed record takes about this many times its bytes.</summary>
    private const int ParsedFactor = 4;

    private readonly RecentCache<(uint Epoch, long Batch), (Wire.Batch Batch, int Bytes)> _batches = new(options.CacheBytes, b => b.Bytes);
    private readonly RecentCache<string, ReadOnlyMemory<byte>> _bodies = new(options.CacheBytes * 2, HeldBytes);

    /// <summary>A durable batch with all its records.</summary>
    /// <exception cref="InvalidDataException">The store has lost it.</exception>
    public async ValueTask<Wire.Batch> ReadAsync(uint epoch, long number, CancellationToken cancellation)
    {
        if (_batches.TryGet((epoch, number), out var known))
        {
            return known.Batch;
        }

        var row = await store.GetRowAsync(keys.Batch(epoch, number), cancellation) ?? throw Lost(epoch, number);
        var batch = Wire.Batch.Parser.ParseFrom(row.Value.Span);
        if (batch.Format > WireModel.Current)
        {
            throw new InvalidDataException($"Batch {epoch}.{number} has format {batch.Format}; this version reads up to {WireModel.Current}. Upgrade the service.");
        }

        if (batch.Manifest.Count > 0)
        {
            var parts = await store.GetBodiesAsync([.. batch.Manifest.Select(m => m.Key)], cancellation);
            foreach (var part in parts)
            {
                batch.Records.Add(Wire.Records.Parser.ParseFrom((part ?? throw Lost(epoch, number)).Span).Records_);
            }
        }

        Remember(epoch, number, batch);
        return batch;
    }

    /// <summary>The record at a position; null when there is none.</summary>
    public async ValueTask<Wire.Record?> RecordAsync(Position at, CancellationToken cancellation)
    {
        var batch = await ReadAsync(at.Epoch, at.Batch, cancellation);
        return at.Index < batch.Records.Count ? batch.Records[at.Index] : null;
    }

    /// <summary>Keeps a batch that was just written, so that followers read it from memory.</summary>
    public void Remember(uint epoch, long number, Wire.Batch batch) =>
        _batches.Set((epoch, number), (batch, batch.CalculateSize() * ParsedFactor));

    /// <summary>Keeps a body that was just written.</summary>
    public void Remember(string key, ReadOnlyMemory<byte> value) => _bodies.Set(key, value);

    /// <summary>Forgets a body that is deleted.</summary>
    public void Forget(string key) => _bodies.Remove(key);

    /// <summary>The body of a version: empty for one without, null when it is missing.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> BodyAsync(Wire.DocumentVersion? version, CancellationToken cancellation) =>
        (await BodiesAsync([version], cancellation))[0];

    /// <summary>The bodies of versions in their order; what is not in memory is read together.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?[]> BodiesAsync(IReadOnlyList<Wire.DocumentVersion?> versions, CancellationToken cancellation)
    {
        var values = new Dictionary<string, ReadOnlyMemory<byte>?>(StringComparer.Ordinal);
        var missing = new List<string>();
        foreach (var key in versions.Select(v => v?.Body?.Key))
        {
            if (key is null || values.ContainsKey(key))
            {
                continue;
            }

            var isHere = _bodies.TryGet(key, out var value);
            values[key] = isHere ? value : (ReadOnlyMemory<byte>?)null;
            if (!isHere)
            {
                missing.Add(key);
            }
        }

        await LoadAsync(missing, values, cancellation);
        return [.. versions.Select(v => v?.Body is { } body ? Slice(values[body.Key], body) : ReadOnlyMemory<byte>.Empty)];
    }

    private async ValueTask LoadAsync(List<string> missing, Dictionary<string, ReadOnlyMemory<byte>?> values, CancellationToken cancellation)
    {
        if (missing.Count == 0)
        {
            return;
        }

        var found = await store.GetBodiesAsync(missing, cancellation);
        for (var i = 0; i < missing.Count; i++)
        {
            values[missing[i]] = found[i];
            if (found[i] is { } value)
            {
                _bodies.Set(missing[i], value);
            }
        }
    }

    private static ReadOnlyMemory<byte>? Slice(ReadOnlyMemory<byte>? value, Wire.BodyRef body) =>
        value is { } bytes && body.Offset >= 0 && body.Length >= 0 && body.Offset + (long)body.Length <= bytes.Length
            ? bytes.Slice(body.Offset, body.Length)
            : (ReadOnlyMemory<byte>?)null;

    /// <summary>What a body keeps in memory: the whole array that it is a part of.</summary>
    private static long HeldBytes(ReadOnlyMemory<byte> body) => MemoryMarshal.TryGetArray(body, out var part) ? part.Array!.Length : body.Length;

    private static InvalidDataException Lost(uint epoch, long number) =>
        new($"The journal's head is past batch {epoch}.{number}, and the store has lost it or a part of it. Restore the site's stores from a backup; what the core mirrors of it stands in the core's own stores, below its mirror/ keys.");
}
