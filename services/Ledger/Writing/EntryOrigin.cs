using System.Globalization;

namespace EdgeMesh.Services.Ledger.Writing;

/// <summary>Who sends entries, and the number of the first of them.</summary>
internal readonly record struct EntryOrigin(string? Producer, long Sequence)
{
    private const string ProducerHeader = "EdgeMesh-Producer";
    private const string SequenceHeader = "EdgeMesh-Sequence";

    /// <summary>False when one of the two headers is missing, or the sequence is no number.</summary>
    public static bool TryRead(IHeaderDictionary headers, out EntryOrigin origin)
    {
        var (producer, sequence) = (headers[ProducerHeader].ToString(), headers[SequenceHeader].ToString());
        origin = default;
        if (producer.Length == 0 || sequence.Length == 0)
        {
            return producer.Length == sequence.Length;
        }

        var read = long.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        origin = new EntryOrigin(producer, number);
        return read;
    }
}
