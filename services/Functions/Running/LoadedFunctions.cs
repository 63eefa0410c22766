using EdgeMesh.Functions;
using EdgeMesh.Replication;
using EdgeMesh.Services.Functions.Deployments;

namespace EdgeMesh.Services.Functions.Running;

/// <summary>The modules that are loaded. The sandbox is made at the first call, so a site without functions pays nothing; of many functions
/// those that were idle longest make room, and come back from the machine code that was kept of them.</summary>
/// <param name="options">How many at once.</param>
/// <param name="modules">Reads them.</param>
/// <param name="kept">Their machine code.</param>
/// <param name="clock">The time.</param>
internal sealed class LoadedFunctions(FunctionsOptions options, ModuleParts modules, CompiledModules kept, TimeProvider clock) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Loading> _loaded = new(StringComparer.Ordinal);
    private readonly Lazy<FunctionSandbox> _sandbox = new(() => new FunctionSandbox(
        new SandboxOptions { Concurrency = options.Concurrency, MemoryBytes = options.MemoryMegabytes * 1024L * 1024 }, clock));
    private long _uses;

    /// <summary>Compiled modules in memory.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _loaded.Count;
            }
        }
    }

    /// <summary>What is wrong with a module; empty when it can run. Its machine code is kept for its first call.</summary>
    public IReadOnlyList<string> FaultsOf(ReadOnlySpan<byte> module)
    {
        var compiled = _sandbox.Value.Compile(module);
        using var whole = compiled.Module;
        if (whole is not null)
        {
            kept.Keep(whole);
        }

        return compiled.Faults;
    }

    /// <summary>Makes a bundle's function callable until the lease is disposed.</summary>
    /// <exception cref="InvalidDataException">The module is not here, or can't run; the message says what to do.</exception>
    /// <exception cref="JournalUnavailableException">The module can't be read now.</exception>
    public async Task<Lease> UseAsync(KnownBundle bundle, CancellationToken cancellation)
    {
        Loading loading;
        bool isCold;
        lock (_gate)
        {
            isCold = !_loaded.TryGetValue(bundle.Digest, out var known) || known.Function.IsFaulted || known.Function.IsCanceled;
            loading = isCold ? _loaded[bundle.Digest] = new Loading(LoadAsync(bundle)) : known!;
            loading.InUse++;
            loading.LastUse = ++_uses;
        }

        var began = clock.GetTimestamp();
        try
        {
            return new Lease(await loading.Function.WaitAsync(cancellation), isCold, isCold ? clock.GetElapsedTime(began) : TimeSpan.Zero, () => Release(loading));
        }
        catch
        {
            Release(loading);
            throw;
        }
    }

    /// <summary>Ends every call that is under way, and every one that comes.</summary>
    public void Stop()
    {
        if (_sandbox.IsValueCreated)
        {
            _sandbox.Value.Stop();
        }
    }

    public void Dispose()
    {
        if (_sandbox.IsValueCreated)
        {
            _sandbox.Value.Dispose();
        }
    }

    private async Task<SandboxedFunction> LoadAsync(KnownBundle bundle)
    {
        // Whoever wants another function does not wait at the gate for this one.
        await Task.Yield();
        var module = Restore(bundle.Statement.Module) ?? await CompileAsync(bundle);
        return _sandbox.Value.Add(module, bundle.Manifest.Share);
    }

    private FunctionModule? Restore(string digest) => kept.Read(digest) is { IsEmpty: false } code ? _sandbox.Value.Restore(digest, code.Span).Module : null;

    private async Task<FunctionModule> CompileAsync(KnownBundle bundle)
    {
        var compiled = _sandbox.Value.Compile(await modules.ReadAsync(bundle, CancellationToken.None));
        if (compiled.Module is not { } module)
        {
            throw new InvalidDataException($"The module of {bundle.Manifest.Name} {bundle.Manifest.Version} can't run here: {string.Join("; ", compiled.Faults)}.");
        }

        kept.Keep(module);
        return module;
    }

    private void Release(Loading loading)
    {
        List<Loading> gone = [];
        lock (_gate)
        {
            loading.InUse--;
            while (_loaded.Count > options.LoadedModules && _loaded.Where(l => l.Value is { InUse: 0, Function.IsCompleted: true }).MinBy(l => l.Value.LastUse) is { Key: { } oldest, Value: { } idle })
            {
                _loaded.Remove(oldest);
                gone.Add(idle);
            }
        }

        foreach (var function in gone.Where(g => g.Function.IsCompletedSuccessfully).Select(g => g.Function.Result))
        {
            // None of its calls runs: nothing is waited for.
            function.Dispose();
            function.Module.Dispose();
        }
    }

    /// <summary>A function in use.</summary>
    /// <param name="Function">It.</param>
    /// <param name="IsCold">Whether it had to be loaded for this.</param>
    /// <param name="Loaded">How long that took.</param>
    /// <param name="Release">Ends the use.</param>
    internal sealed record Lease(SandboxedFunction Function, bool IsCold, TimeSpan Loaded, Action Release) : IDisposable
    {
        public void Dispose() => Release();
    }

    /// <summary>Guarded by the gate, but for the task.</summary>
    private sealed class Loading(Task<SandboxedFunction> function)
    {
        public Task<SandboxedFunction> Function => function;

        public int InUse { get; set; }

        public long LastUse { get; set; }
    }
}
