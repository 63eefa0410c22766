namespace EdgeMesh.Functions.Scheduling;

/// <summary>One function's calls that wait. Guarded by the <see cref="FairScheduler"/>'s lock.</summary>
internal sealed class FunctionQueue(FunctionModule module, FunctionShare share)
{
    /// <summary>The weight of a call in what is usual: the last eight count most.</summary>
    private const double Newest = 1.0 / 8;

    public FunctionModule Module => module;

    public FunctionShare Share => share;

    public Queue<PendingCall> Waiting { get; } = new();

    /// <summary>Its calls that have begun and are not over.</summary>
    public int Running { get; set; }

    /// <summary>What they may have of memory, in bytes.</summary>
    public long Memory { get; set; }

    /// <summary>Those of them that wait for the host.</summary>
    public int Away { get; set; }

    public int Working => Running - Away;

    /// <summary>How much it has had, in milliseconds for each unit of weight: who had least is next.</summary>
    public double Pass { get; set; }

    /// <summary>How long one of its calls is taken to keep its thread before it is over, in milliseconds.</summary>
    public double UsualCost { get; private set; } = 1;

    public bool IsQueued { get; set; }

    public bool IsClosed { get; set; }

    public void Learn(TimeSpan kept) => UsualCost += (kept.TotalMilliseconds - UsualCost) * Newest;

    public bool IsRunnable => Waiting.Count > 0 && Running < share.Concurrency;
}
