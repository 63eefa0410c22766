using System.Globalization;

namespace EdgeMesh.Replication;

/// <summary>A place in a journal: the record at <see cref="Index"/> of batch <see cref="Batch"/> in epoch <see cref="Epoch"/>. Opaque on the wire.</summary>
/// <param name="Epoch">Counts the lives of the journal; a restored backup opens a new one, so no position is ever used twice.</param>
/// <param name="Batch">Counts commits of the epoch from 1.</param>
/// <param name="Index">Counts records of the batch from 0.</param>
public readonly record struct Position(uint Epoch, long Batch, int Index) : IComparable<Position>
{
    /// <summary>Before the first record of the first epoch.</summary>
    public static readonly Position Start;

    /// <inheritdoc/>
    public int CompareTo(Position other) =>
        Epoch != other.Epoch ? Epoch.CompareTo(other.Epoch)
        : Batch != other.Batch ? Batch.CompareTo(other.Batch)
        : Index.CompareTo(other.Index);

    /// <summary>Whether <paramref name="left"/> comes before <paramref name="right"/>.</summary>
    public static bool operator <(Position left, Position right) => left.CompareTo(right) < 0;

    /// <summary>Whether <paramref name="left"/> comes after <paramref name="right"/>.</summary>
    public static bool operator >(Position left, Position right) => left.CompareTo(right) > 0;

    /// <summary>Whether <paramref name="left"/> comes before <paramref name="right"/> or equals it.</summary>
    public static bool operator <=(Position left, Position right) => left.CompareTo(right) <= 0;

    /// <summary>Whether <paramref name="left"/> comes after <paramref name="right"/> or equals it.</summary>
    public static bool operator >=(Position left, Position right) => left.CompareTo(right) >= 0;

    /// <summary>The wire form, <c>epoch.batch.index</c>. Readers other than this type treat it as opaque.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch}.{Batch}.{Index}");

    /// <summary>Reads the wire form. Signs, blanks and leading zeros are refused, so a position has one spelling.</summary>
    public static bool TryParse(string? text, out Position position)
    {
        position = default;
        var parts = text?.Split('.');
        if (parts is not { Length: 3 }
            || !uint.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
            || !long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var batch)
            || !int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var index))
        {
            return false;
        }

        position = new Position(epoch, batch, index);
        return position.ToString() == text;
    }
}
