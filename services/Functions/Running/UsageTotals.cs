using System.Collections.Concurrent;
using System.Text.Json;
using Dapr.Client;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Functions.Running;

/// <summary>The cost report: totals of each function since it was first called at this site. Calls are counted in memory and written
/// <see cref="SaveEvery"/>, one row for each function that was called meanwhile: a crash loses the counts of that time at most, a stop loses
/// none.</summary>
internal sealed partial class UsageTotals(DaprClient dapr, SiteIdentity identity, TimeProvider clock, ILogger<UsageTotals> logger) : IAsyncDisposable
{
    public static readonly TimeSpan SaveEvery = TimeSpan.FromSeconds(10);

    private const string Store = "heads";
    private const double MiB = 1024 * 1024;
    private static readonly TimeSpan SaveLimit = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Total> _totals = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    public void Start() => _loop = RunAsync(_stop.Token);

    /// <summary>Counts a call.</summary>
    public void Add(FunctionCall call, bool isCold, CallResult result)
    {
        var usage = result.Usage;
        var one = new FunctionUsage(
            call.Manifest.Name, 1, result.Outcome == CallOutcome.Completed ? 0 : 1, isCold ? 1 : 0, usage.Worked.TotalMilliseconds, usage.MemoryBytes / MiB * usage.Ran.TotalMilliseconds,
            call.Data.Length + result.Output.Length);
        _totals.GetOrAdd(one.Function, static name => new Total(name)).Add(one);
    }

    /// <summary>What a function cost, what is not written yet included.</summary>
    public async Task<FunctionUsage> OfAsync(string function, CancellationToken cancellation)
    {
        var total = _totals.GetOrAdd(function, static name => new Total(name));
        return total.Written is null ? await ReadAsync(total, cancellation) : total.Now;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        await SaveAsync();
        _stop.Dispose();
        _one.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(SaveEvery, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation))
            {
                await SaveAsync();
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // What is left is written at the end.
        }
    }

    private async Task SaveAsync()
    {
        // The store answers in its own time, whatever clock a test gave to this service.
        using var limit = new CancellationTokenSource(SaveLimit, TimeProvider.System);
        try
        {
            foreach (var total in _totals.Values.Where(t => t.IsDue))
            {
                var now = await ReadAsync(total, limit.Token);
                await dapr.SaveByteStateAsync(Store, Key(total.Function), JsonSerializer.SerializeToUtf8Bytes(now, UsageJson.Default.FunctionUsage), cancellationToken: limit.Token);
                total.Wrote(now);
            }
        }
        catch (Exception error)
        {
            // The store is away: the counts wait in memory for the next time.
            LogFailed(logger, error.Message);
        }
    }

    /// <summary>Takes what earlier processes counted, once.</summary>
    private async Task<FunctionUsage> ReadAsync(Total total, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            if (total.Written is null)
            {
                var row = await dapr.GetByteStateAsync(Store, Key(total.Function), cancellationToken: cancellation);
                total.Read(row.IsEmpty ? FunctionUsage.None(total.Function) : JsonSerializer.Deserialize(row.Span, UsageJson.Default.FunctionUsage)!);
            }

            return total.Now;
        }
        finally
        {
            _one.Release();
        }
    }

    private string Key(string function) => $"{identity.Site}/functions/usage/{function}";

    [LoggerMessage(LogLevel.Warning, "The functions' usage could not be written ({Reason}); it is written the next time")]
    private static partial void LogFailed(ILogger logger, string reason);

    /// <summary>A function's counts. Many calls count at once.</summary>
    private sealed class Total(string function)
    {
        private readonly Lock _gate = new();
        private FunctionUsage _now = FunctionUsage.None(function);

        public string Function => function;

        /// <summary>What is in the store; null: not read yet.</summary>
        public FunctionUsage? Written { get; private set; }

        public FunctionUsage Now
        {
            get
            {
                lock (_gate)
                {
                    return _now;
                }
            }
        }

        /// <summary>Whether there is something that the store has not.</summary>
        public bool IsDue
        {
            get
            {
                lock (_gate)
                {
                    return Written is null ? _now.Calls > 0 : _now != Written;
                }
            }
        }

        public void Add(FunctionUsage one)
        {
            lock (_gate)
            {
                _now = _now.With(one);
            }
        }

        public void Read(FunctionUsage written)
        {
            lock (_gate)
            {
                (Written, _now) = (written, written.With(_now));
            }
        }

        public void Wrote(FunctionUsage written)
        {
            lock (_gate)
            {
                Written = written;
            }
        }
    }
}
