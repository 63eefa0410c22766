using System.Globalization;

namespace EdgeMesh.Replication.Feeds;

/// <summary>How far a reader of a feed came: past the record at <see cref="At"/>; or, where a grant is larger than a page, past its first
/// <see cref="Sent"/> documents only.</summary>
internal readonly record struct FeedCursor(Position At, int Sent)
{
    public static readonly FeedCursor Start;

    public static FeedCursor Past(Position at) => new(at, 0);

    /// <summary>The position, with <c>~sent</c> inside a record.</summary>
    public override string ToString() => Sent == 0 ? At.ToString() : string.Create(CultureInfo.InvariantCulture, $"{At}~{Sent}");

    public static bool TryParse(string? text, out FeedCursor cursor)
    {
        cursor = default;
        var mark = text?.IndexOf('~', StringComparison.Ordinal) ?? -1;
        var sent = 0;
        if (!Position.TryParse(mark < 0 ? text : text![..mark], out var at)
            || mark >= 0 && (!int.TryParse(text.AsSpan(mark + 1), NumberStyles.None, CultureInfo.InvariantCulture, out sent) || sent == 0))
        {
            return false;
        }

        cursor = new FeedCursor(at, sent);
        return cursor.ToString() == text;
    }
}
