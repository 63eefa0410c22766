using EdgeMesh.Functions.Scheduling;

namespace EdgeMesh.Functions;

/// <summary>A function that can be called. Idle it costs nothing but its machine code: no instance, no thread.</summary>
public sealed class SandboxedFunction : IDisposable
{
    private readonly SandboxOptions _options;
    private readonly FairScheduler _scheduler;
    private readonly FunctionQueue _queue;
    private readonly Action<SandboxedFunction> _forget;

    internal SandboxedFunction(SandboxOptions options, FairScheduler scheduler, FunctionQueue queue, Action<SandboxedFunction> forget) =>
        (_options, _scheduler, _queue, _forget) = (options, scheduler, queue, forget);

    internal FunctionQueue Queue => _queue;

    /// <summary>Its module.</summary>
    public FunctionModule Module => _queue.Module;

    /// <summary>Runs it once. However the function behaves, that is a result; what is thrown is a fault of the host.</summary>
    public Task<CallResult> CallAsync(CallInput input, CancellationToken cancellation)
    {
        var limits = input.Limits.Within(_options);
        return input.Data.Length > limits.InputBytes
            ? Task.FromResult(CallResult.NotStarted(CallOutcome.InputTooLarge, $"it was given {input.Data.Length} bytes; {limits.InputBytes} is the most, see limits.input"))
            : _scheduler.Enqueue(_queue, input with { Limits = limits }, cancellation);
    }

    /// <summary>Refuses what waits and returns when none of its calls runs.</summary>
    public void Dispose()
    {
        _scheduler.Remove(_queue);
        _forget(this);
    }
}
