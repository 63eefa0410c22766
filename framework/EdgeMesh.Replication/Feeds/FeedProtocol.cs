using System.Globalization;

namespace EdgeMesh.Replication.Feeds;

/// <summary>What the two ends of a feed agree on.</summary>
internal static class FeedProtocol
{
    /// <summary>The version of pages that this software reads and writes.</summary>
    public const int Version = 1;

    /// <summary>The reader names the highest version it knows; the server answers with the one of the page.</summary>
    public const string VersionHeader = "EdgeMesh-Feed-Version";

    public const string ContentType = "application/x-protobuf";

    public const string Mirror = "mirror";

    public const string Shared = "shared";

    public static string Address(JournalName journal, FeedCursor after, FeedMode mode, TimeSpan wait) => string.Create(
        CultureInfo.InvariantCulture,
        $"mesh/{journal.Site}/mesh/feed/{journal}?after={after}&mode={(mode == FeedMode.Mirror ? Mirror : Shared)}&wait={(int)wait.TotalSeconds}");
}
