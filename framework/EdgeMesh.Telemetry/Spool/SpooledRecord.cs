using System.Buffers.Text;

namespace EdgeMesh.Telemetry;

/// <summary>A record on its way to the index.</summary>
/// <param name="Id">Derived from its place alone: whoever sends it again, also another process, sends the same.</param>
/// <param name="Payload">One JSON object.</param>
internal readonly record struct SpooledRecord(string Id, ReadOnlyMemory<byte> Payload)
{
    public static string IdOf(Guid nonce, long index)
    {
        Span<byte> bytes = stackalloc byte[16];
        nonce.TryWriteBytes(bytes);
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Base64Url.EncodeToString(bytes)}-{index}");
    }
}

/// <summary>What one request takes from the spool.</summary>
/// <param name="Records">Highest priority first, oldest first within each.</param>
/// <param name="Ends">For each priority, the position behind the last record.</param>
/// <param name="InDoubt">Whether an earlier process may have sent some of them.</param>
/// <param name="IsFull">Whether it ends for its size, and not as there is no more.</param>
internal sealed record SpoolBatch(List<SpooledRecord> Records, SpoolPosition[] Ends, bool InDoubt, bool IsFull);
