namespace EdgeMesh.Services.Ledger.Witnessing;

/// <summary>How the ledger has its checkpoints cosigned (<c>EdgeMesh:Ledger</c>).</summary>
internal sealed class WitnessingOptions
{
    /// <summary>Between two announcements to one witness, while the log grows.</summary>
    public TimeSpan AnnounceEvery { get; init; } = TimeSpan.FromSeconds(5);

    public IEnumerable<string> Faults() =>
        AnnounceEvery < TimeSpan.FromMilliseconds(100) || AnnounceEvery > TimeSpan.FromHours(1) ? ["AnnounceEvery is from 00:00:00.1 to 01:00:00"] : [];
}
