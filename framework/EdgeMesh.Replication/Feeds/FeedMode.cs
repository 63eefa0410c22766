namespace EdgeMesh.Replication;

/// <summary>How much of a journal a feed gives.</summary>
internal enum FeedMode
{
    /// <summary>Only what the peer may hold.</summary>
    Shared,

    /// <summary>Everything, for the site that keeps verbatim copies.</summary>
    Mirror,
}
