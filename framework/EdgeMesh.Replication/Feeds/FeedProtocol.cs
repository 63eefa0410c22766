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

    /// <param name="journal">The journal.</param>
    /// <param name="after">Where to go on.</param>
    /// <param name="mode">How much is asked for.</param>
    /// <param name="wait">How long to wait for news.</param>
    /// <param name="isLocal">Whether the service that writes the journal is asked itself; else the gateway, for a service of another site.</param>
    public static string Address(JournalName journal, FeedCursor after, FeedMode mode, TimeSpan wait, bool isLocal) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(isLocal ? "" : $"mesh/{journal.Site}/")}mesh/feed/{journal}?after={after}&mode={(mode == FeedMode.Mirror ? Mirror : Shared)}&wait={(int)wait.TotalSeconds}");
}
