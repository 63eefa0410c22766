namespace EdgeMesh.Functions.Scheduling;

/// <summary>A call that waits for a thread. Made by its caller, whose trace and other ambient values host calls made for it belong to.</summary>
internal sealed class PendingCall(CallInput input, long enqueued, CancellationToken cancellation)
{
    private readonly TaskCompletionSource<CallResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly ExecutionContext? _context = ExecutionContext.Capture();

    public CallInput Input => input;

    public long Enqueued => enqueued;

    /// <summary>What it may have of memory, in bytes.</summary>
    public long Memory => input.Limits.MemoryBytes;

    /// <summary>What its function was charged for it when it was taken, in milliseconds. The scheduler's own.</summary>
    public double Charged { get; set; }

    public bool IsCanceled => cancellation.IsCancellationRequested;

    public Task<CallResult> Result => _result.Task;

    public void InItsContext(Action run)
    {
        if (_context is null)
        {
            run();
        }
        else
        {
            ExecutionContext.Run(_context, static run => ((Action)run!)(), run);
        }
    }

    public void Complete(CallResult result) => _result.TrySetResult(result);

    public void Fail(Exception error) => _result.TrySetException(error);

    public void Refuse(CallOutcome outcome, string detail) => Complete(CallResult.NotStarted(outcome, detail));
}
