using System.IO.Compression;
using System.Text;

namespace EdgeMesh.Telemetry;

/// <summary>The body of a <c>_bulk</c> request, compressed. One buffer, used again and again.</summary>
internal sealed class BulkRequest
{
    /// <summary>Below it the server's clock, told in whole seconds, can't be said to differ.</summary>
    private static readonly TimeSpan LeastOffset = TimeSpan.FromSeconds(2);

    private readonly MemoryStream _bytes = new();
    private readonly List<string> _ids = [];
    private long? _mark;

    /// <summary>Good until the next <see cref="Write"/>.</summary>
    public ReadOnlyMemory<byte> Body => _bytes.GetBuffer().AsMemory(0, (int)_bytes.Length);

    /// <summary>Whether it was written of exactly these.</summary>
    public bool Holds(ReadOnlySpan<SpooledRecord> records, TimeSpan offset)
    {
        if (records.Length != _ids.Count || Mark(offset) != _mark)
        {
            return false;
        }

        for (var n = 0; n < records.Length; n++)
        {
            if (records[n].Id != _ids[n])
            {
                return false;
            }
        }

        return true;
    }

    /// <param name="records">Each becomes a <c>create</c> under its own id: a second one is refused by the index.</param>
    /// <param name="offset">How far the server's clock is ahead: stands on each record, whose own time is left as it is.</param>
    public void Write(ReadOnlySpan<SpooledRecord> records, TimeSpan offset)
    {
        _ids.Clear();
        _mark = Mark(offset);
        _bytes.SetLength(0);
        var end = _mark is { } milliseconds ? Encoding.UTF8.GetBytes($",\"edgemesh.clock_offset_ms\":{milliseconds}}}\n") : null;
        using (var zip = new GZipStream(_bytes, CompressionLevel.Fastest, leaveOpen: true))
        {
            Span<byte> action = stackalloc byte[128];
            foreach (var (id, payload) in records)
            {
                "{\"create\":{\"_id\":\""u8.CopyTo(action);
                var length = 18 + Encoding.ASCII.GetBytes(id, action[18..]);
                "\"}}\n"u8.CopyTo(action[length..]);
                zip.Write(action[..(length + 4)]);
                zip.Write(end is null ? payload.Span : payload.Span[..^1]);
                zip.Write(end ?? "\n"u8);
            }
        }

        foreach (var (id, _) in records)
        {
            _ids.Add(id);
        }
    }

    private static long? Mark(TimeSpan offset) => offset.Duration() >= LeastOffset ? (long)offset.TotalMilliseconds : null;
}
