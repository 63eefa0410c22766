namespace EdgeMesh.Functions.Scheduling;

/// <summary>One function's calls that wait. Guarded by the <see cref="FairScheduler"/>'s lock.</summary>
internal sealed class FunctionQueue(FunctionModule module, FunctionShare share)
{
    public FunctionModule Module => module;

    public FunctionShare Share => share;

    public Queue<PendingCall> Waiting { get; } = new();

    public int Running { get; set; }

    /// <summary>How much it has had, in shares: who had least is next.</summary>
    public double Pass { get; set; }

    public bool IsQueued { get; set; }

    public bool IsClosed { get; set; }

    public bool IsRunnable => Waiting.Count > 0 && Running < share.Concurrency;
}
