using Dapr.Client.Autogen.Grpc.v1;

namespace EdgeMesh.Sidecar.BuildingBlocks.Jobs;

/// <summary>A job as it stands in the file.</summary>
/// <param name="AppId">Whose it is.</param>
/// <param name="Job">As it was scheduled.</param>
/// <param name="Revision">Changes when somebody schedules it anew: what was under way then settles nothing.</param>
/// <param name="Scheduled">When that was.</param>
internal sealed record StoredJob(string AppId, Job Job, long Revision, DateTimeOffset Scheduled)
{
    /// <summary>When it comes next.</summary>
    public required DateTimeOffset Due { get; init; }

    /// <summary>How often it came.</summary>
    public long Times { get; init; }

    /// <summary>How often the app failed with it this time.</summary>
    public long Attempts { get; init; }
}
