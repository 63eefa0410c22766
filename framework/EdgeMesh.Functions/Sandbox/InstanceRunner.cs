using EdgeMesh.Functions.Scheduling;
using Wasmtime;

namespace EdgeMesh.Functions.Sandbox;

/// <summary>Runs one call in a fresh instance, on the thread that calls it. The instance's memory goes back to the pool, zeroed, with the store.</summary>
internal sealed class InstanceRunner(Engine engine, Linker linker, SandboxOptions options, TimeProvider clock, CancellationToken closing)
{
    /// <exception cref="InvalidOperationException">The host threw while it worked for the call.</exception>
    public CallResult Run(FunctionModule module, CallInput input, Turn turn, TimeSpan waited)
    {
        var began = clock.GetTimestamp();
        using var call = new ActiveCall(input, turn, clock, closing);
        using var store = new Store(engine, call);
        store.Fuel = (ulong)input.Limits.Fuel;
        store.SetLimits(input.Limits.MemoryBytes, (uint)options.MaxTableElements, 1, 4, 1);
        store.SetEpochDeadline((ulong)(input.Limits.WallClock / options.Tick) + 1);
        if (closing.IsCancellationRequested)
        {
            // What is ended by the clock had its deadline before: this one may have come after.
            return CallResult.NotStarted(CallOutcome.Canceled, ActiveCall.Closing);
        }

        var (started, memory, fault) = (clock.GetTimestamp(), 0L, (Exception?)null);
        Instance? instance = null;
        try
        {
            instance = linker.Instantiate(store, module.Module);
            started = clock.GetTimestamp();
            instance.GetAction(ModuleRules.Entry)!();
        }
        catch (WasmtimeException error)
        {
            fault = error;
        }
        catch (CallEndedException error)
        {
            fault = error;
        }

        if (call.HostFault is { } hostFault)
        {
            throw new InvalidOperationException($"The host failed while it worked for a function: {hostFault.Message}", hostFault);
        }

        memory = instance?.GetMemory("memory")?.GetLength() ?? 0;
        var usage = new CallUsage(
            input.Limits.Fuel - (long)store.Fuel, waited, clock.GetElapsedTime(began, started), clock.GetElapsedTime(started), memory, call.Streams.LogDropped, call.HostCalls, call.InHost);
        var (outcome, exit, detail) = Judge(call, fault, instance is not null);
        return new CallResult(outcome, exit, call.Streams.Output, call.Streams.Log, detail, usage);
    }

    private static (CallOutcome Outcome, int? ExitCode, string? Detail) Judge(ActiveCall call, Exception? fault, bool instantiated)
    {
        var limits = call.Input.Limits;
        return (call, fault) switch
        {
            ({ Stopped: { } stopped }, _) => (stopped.Outcome, null, stopped.Detail),
            ({ ExitCode: 0 }, _) or (_, null) => (CallOutcome.Completed, 0, null),
            ({ ExitCode: { } code }, _) => (CallOutcome.Failed, code, $"it left with exit code {code}; what it wrote to stderr says why"),
            (_, TrapException { Type: TrapCode.OutOfFuel }) => (CallOutcome.OutOfFuel, null, $"it used up its fuel of {limits.Fuel}; look for an endless loop, or raise limits.fuel"),
            (_, TrapException { Type: TrapCode.Interrupt }) when call.IsClosing => (CallOutcome.Canceled, null, ActiveCall.Closing),
            (_, TrapException { Type: TrapCode.Interrupt }) => (CallOutcome.OutOfTime, null, $"it ran longer than {limits.WallClock.TotalMilliseconds} ms; raise limits.time or do less"),
            (_, TrapException { Type: TrapCode.StackOverflow }) => (CallOutcome.StackOverflow, null, "its calls went too deep; look for a recursion that does not end"),
            (_, TrapException trap) => (CallOutcome.Trapped, null, $"it trapped: {trap.Type}"),
            _ when !instantiated => (CallOutcome.TooLarge, null, $"it could not be instantiated within its limits: {FirstLine(fault!)}"),
            _ => (CallOutcome.Trapped, null, FirstLine(fault!)),
        };
    }

    private static string FirstLine(Exception error) => error.Message.Split('\n', 2)[0];
}
