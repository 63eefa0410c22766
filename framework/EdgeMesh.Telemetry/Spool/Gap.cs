using System.Buffers.Binary;

namespace EdgeMesh.Telemetry;

/// <summary>Records that were lost between two contacts with the index: told there by one record.</summary>
/// <param name="Id">Of that record.</param>
/// <param name="First">When the first of the lost was written, or was lost, in milliseconds since 1970.</param>
/// <param name="Last">When the last of them was.</param>
/// <param name="Low">Lost of low priority.</param>
/// <param name="Normal">Lost of normal priority.</param>
/// <param name="High">Lost of high priority.</param>
/// <param name="Bytes">Their size together.</param>
internal sealed record Gap(Guid Id, long First, long Last, long Low, long Normal, long High, long Bytes)
{
    public const int Length = 64;

    public long Records => Low + Normal + High;

    public Gap Plus(LogPriority priority, long records, long bytes, long first, long last) => this with
    {
        First = Records == 0 ? first : Math.Min(First, first),
        Last = Math.Max(Last, last),
        Low = Low + (priority == LogPriority.Low ? records : 0),
        Normal = Normal + (priority == LogPriority.Normal ? records : 0),
        High = High + (priority == LogPriority.High ? records : 0),
        Bytes = Bytes + bytes,
    };

    public static Gap Read(ReadOnlySpan<byte> from)
    {
        Span<long> numbers = stackalloc long[6];
        for (var n = 0; n < numbers.Length; n++)
        {
            numbers[n] = BinaryPrimitives.ReadInt64LittleEndian(from[(16 + (8 * n))..]);
        }

        return new(new Guid(from[..16]), numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]);
    }

    public void Write(Span<byte> to)
    {
        Id.TryWriteBytes(to);
        ReadOnlySpan<long> numbers = [First, Last, Low, Normal, High, Bytes];
        for (var n = 0; n < numbers.Length; n++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(to[(16 + (8 * n))..], numbers[n]);
        }
    }
}
