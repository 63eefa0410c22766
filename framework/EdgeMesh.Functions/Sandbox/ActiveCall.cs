using EdgeMesh.Functions.Scheduling;
using Wasmtime;

namespace EdgeMesh.Functions.Sandbox;

/// <summary>The state of one running call. Owned by the call's thread; host functions find it through their caller.</summary>
internal sealed class ActiveCall(CallInput input, Turn turn, TimeProvider clock, CancellationToken closing) : IDisposable
{
    /// <summary>What is said of a call that the sandbox's end ended.</summary>
    public const string Closing = "the site stops";

    private readonly long _began = clock.GetTimestamp();
    private CancellationTokenSource? _deadline;
    private WasiStrings? _arguments;
    private WasiStrings? _environment;
    private Memory? _memory;

    public CallInput Input => input;

    public CallStreams Streams { get; } = new(input);

    /// <summary>Its turn to work, which it gives up while the host works for it.</summary>
    public Turn Turn => turn;

    public WasiStrings Arguments => _arguments ??= WasiStrings.Of(input.Arguments);

    public WasiStrings Environment => _environment ??= WasiStrings.Of([.. input.Environment.Select(e => $"{e.Key}={e.Value}")]);

    /// <summary>Ends when the call's time is over. The host alone waits for it: a call that never asks the host needs no timer.</summary>
    public CancellationToken Deadline => (_deadline ??= StartDeadline()).Token;

    /// <summary>Whether the sandbox ends what runs.</summary>
    public bool IsClosing => closing.IsCancellationRequested;

    public TimeProvider Clock => clock;

    public TimeSpan Elapsed => clock.GetElapsedTime(_began);

    public int? ExitCode { get; private set; }

    /// <summary>Why the host stopped the call; null when it did not.</summary>
    public (CallOutcome Outcome, string Detail)? Stopped { get; private set; }

    /// <summary>What the host threw while it worked for the call; null when it did not.</summary>
    public Exception? HostFault { get; private set; }

    public int HostCalls { get; private set; }

    /// <summary>What host calls have taken.</summary>
    public TimeSpan InHost { get; set; }

    /// <summary>What the last host call answered, until the function has copied it.</summary>
    public ReadOnlyMemory<byte> Answer { get; set; }

    public static ActiveCall Of(Caller caller) => (ActiveCall)caller.GetData()!;

    /// <summary>The instance's memory; null when a host function is called before there is one.</summary>
    public Memory? MemoryOf(Caller caller) => _memory ??= caller.GetMemory("memory");

    /// <summary>Whether one more host call may be made.</summary>
    public bool TakeHostCall() => HostCalls < input.Limits.HostCalls && ++HostCalls > 0;

    public CallEndedException Exit(int code)
    {
        ExitCode = code;
        return new CallEndedException();
    }

    public CallEndedException Stop(CallOutcome outcome, string detail)
    {
        Stopped = (outcome, detail);
        return new CallEndedException();
    }

    public CallEndedException Fail(Exception error)
    {
        HostFault = error;
        return new CallEndedException();
    }

    public void Dispose() => _deadline?.Dispose();

    private CancellationTokenSource StartDeadline()
    {
        var deadline = CancellationTokenSource.CreateLinkedTokenSource(closing);
        var left = input.Limits.WallClock - Elapsed;
        deadline.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        return deadline;
    }
}

/// <summary>Thrown by a host function to unwind the WebAssembly stack; the <see cref="ActiveCall"/> says why.</summary>
internal sealed class CallEndedException() : Exception("the call has ended");
