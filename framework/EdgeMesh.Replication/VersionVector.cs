namespace EdgeMesh.Replication;

/// <summary>How two versions stand to each other.</summary>
public enum VectorOrder
{
    /// <summary>The same version.</summary>
    Equal,

    /// <summary>The left one is an ancestor of the right one.</summary>
    Before,

    /// <summary>The left one descends from the right one.</summary>
    After,

    /// <summary>Neither descends from the other, and they have an ancestor in common.</summary>
    Concurrent,

    /// <summary>They share no ancestor: two documents with one key, never siblings.</summary>
    Unrelated,
}

/// <summary>What a version descends from: for each (site, epoch) how many of its changes. Immutable.</summary>
public sealed class VersionVector
{
}
