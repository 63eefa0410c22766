using System.Collections.Concurrent;
using EdgeMesh.Functions.HostCalls;
using EdgeMesh.Functions.Sandbox;
using EdgeMesh.Functions.Scheduling;
using EdgeMesh.Functions.Wasi;
using Wasmtime;

namespace EdgeMesh.Functions;

/// <summary>Runs functions: each call in a fresh instance from a precompiled module, with fuel, time, memory and output bounded, on threads
/// of its own, so that no function holds up the host or another function. Nothing of a call is left for the next.</summary>
public sealed class FunctionSandbox : IDisposable
{
    private readonly SandboxOptions _options;
    private readonly TimeProvider _clock;
    private readonly Engine _engine;
    private readonly Linker _linker;
    private readonly InstanceRunner _runner;
    private readonly FairScheduler _scheduler;
    private readonly EpochTicker _ticker;
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _stopping = new();
    private bool _disposed;

    /// <summary>Guarded by the scheduler's lock, until that is closed.</summary>
    private readonly List<Thread> _threads = [];
    private readonly ConcurrentDictionary<SandboxedFunction, bool> _functions = new();
    private readonly ConcurrentDictionary<FunctionModule, bool> _modules = new();

    /// <summary>Reserves address space for as many instances as may run. Threads start when they are first needed.</summary>
    public FunctionSandbox(SandboxOptions options, TimeProvider clock)
    {
        (_options, _clock) = (options, clock);
        _engine = SandboxEngine.Create(options);
        _linker = new Linker(_engine);
        WasiPreview1.Define(_linker);
        HostModule.Define(_linker);
        _runner = new InstanceRunner(_engine, _linker, options, clock, _closing.Token);
        _scheduler = new FairScheduler(options, clock, StartThread);
        _ticker = new EpochTicker(_engine, options.Tick, clock);
    }

    /// <summary>Checks and compiles a module; some 10 ms for each 100 KB.</summary>
    public CompileResult Compile(ReadOnlySpan<byte> wasm)
    {
        if (wasm.Length > _options.MaxModuleBytes)
        {
            return new CompileResult(null, [$"it has {wasm.Length} bytes; {_options.MaxModuleBytes} is the most"]);
        }

        var digest = FunctionModule.DigestOf(wasm);
        try
        {
            return Check(Module.FromBytes(_engine, digest, wasm), digest);
        }
        catch (WasmtimeException error)
        {
            return new CompileResult(null, [$"it is no WebAssembly module that this sandbox runs: {error.Message.ReplaceLineEndings(" ")}"]);
        }
    }

    /// <summary>Takes up what <see cref="FunctionModule.ToMachineCode"/> gave. It runs as it is: who alters it has left the sandbox. So give only
    /// what nobody else can have written.</summary>
    /// <param name="digest">The module's.</param>
    /// <param name="machineCode">Its machine code.</param>
    /// <returns>With faults when it is of another version, other settings or another processor: compile the module anew.</returns>
    public CompileResult Restore(string digest, ReadOnlySpan<byte> machineCode)
    {
        try
        {
            return Check(Module.Deserialize(_engine, digest, machineCode), digest);
        }
        catch (WasmtimeException error)
        {
            return new CompileResult(null, [$"it is no machine code that this sandbox runs: {error.Message.ReplaceLineEndings(" ")}"]);
        }
    }

    /// <summary>Makes a module callable under its share of the sandbox.</summary>
    public SandboxedFunction Add(FunctionModule module, FunctionShare share)
    {
        var function = new SandboxedFunction(_options, _scheduler, new FunctionQueue(module, share), f => _functions.TryRemove(f, out _));
        _functions[function] = true;
        return function;
    }

    /// <summary>Refuses what comes, and ends what waits and what runs as <see cref="CallOutcome.Canceled"/>: it is over soon after.</summary>
    public void Stop()
    {
        lock (_stopping)
        {
            if (_closing.IsCancellationRequested)
            {
                return;
            }

            // First what begins no more, then what must see that it is over.
            _scheduler.Close(_functions.Keys.Select(f => f.Queue));
            _closing.Cancel();
            _ticker.EndAll(_options.MaxWallClock);
        }
    }

    /// <summary>Stops, returns when nothing runs, and has freed everything.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        Stop();
        foreach (var function in _functions.Keys)
        {
            function.Dispose();
        }

        _threads.ForEach(t => t.Join());
        foreach (var module in _modules.Keys)
        {
            module.Dispose();
        }

        _ticker.Dispose();
        _linker.Dispose();
        _engine.Dispose();
        _closing.Dispose();
    }

    private CompileResult Check(Module module, string digest)
    {
        using var store = new Store(_engine);
        var faults = ModuleRules.Faults(module, _linker, store, _options);
        if (faults.Count == 0)
        {
            var function = new FunctionModule(module, digest, m => _modules.TryRemove(m, out _));
            _modules[function] = true;
            return new CompileResult(function, []);
        }

        module.Dispose();
        return new CompileResult(null, faults);
    }

    private void StartThread()
    {
        // WebAssembly's stack lies on the thread's; the rest is for host functions.
        var thread = new Thread(Work, _options.StackBytes + 1024 * 1024) { IsBackground = true, Name = $"function-{_threads.Count}" };
        // Whoever happens to need one more has no part in the calls of others: each runs in its own caller's context.
        thread.UnsafeStart();
        _threads.Add(thread);
    }

    private void Work()
    {
        while (_scheduler.Take() is var (queue, pending))
        {
            TimeSpan? kept = null;
            if (pending.IsCanceled)
            {
                pending.Refuse(CallOutcome.Canceled, "its caller gave up before it was started");
            }
            else
            {
                pending.InItsContext(() => kept = Run(queue, pending));
            }

            _scheduler.Finished(queue, pending, kept);
        }
    }

    /// <summary>Returns how long it kept the thread, whether it worked or waited for the host.</summary>
    private TimeSpan Run(FunctionQueue queue, PendingCall pending)
    {
        using var ticking = _ticker.Tick();
        var began = _clock.GetTimestamp();
        try
        {
            pending.Complete(_runner.Run(queue.Module, pending.Input, new Turn(_scheduler, queue), _clock.GetElapsedTime(pending.Enqueued, began)));
        }
        catch (Exception error)
        {
            // A fault of ours or of a host call, never the function's own: the caller learns it, the thread lives on.
            pending.Fail(error);
        }

        return _clock.GetElapsedTime(began);
    }
}
