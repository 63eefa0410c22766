using System.Collections.Concurrent;
using System.Text.Json;
using Dapr.Client;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Functions.Running;

/// <summary>The cost report: totals of each function since it was first called at this site. Calls are counted in memory and written
/// <see cref="SaveEvery"/>, one row for each function that was called meanwhile, those first that wait longest for their turn: a crash loses the
/// counts of that time, or with more functions than a save has time for, of a few such times. A stop loses none while the store takes them, for
/// <see cref="StopLimit"/> at most. A row that can't be read is left as it is, hinders no other, and is looked at again each time.</summary>
internal sealed partial class UsageTotals(DaprClient dapr, SiteIdentity identity, TimeProvider clock, ILogger<UsageTotals> logger) : IAsyncDisposable
{
    public static readonly TimeSpan SaveEvery = TimeSpan.FromSeconds(10);

    private const string Store = "heads";
    private const double MiB = 1024 * 1024;

    /// <summary>Of the last saves, all together. A site that takes 20 s to stop is killed.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<string, UsageTotal> _totals = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private long _turns;

    /// <summary>What the store is given for a save of all, and for a read.</summary>
    public TimeSpan StoreLimit { get; init; } = TimeSpan.FromSeconds(5);

    public void Start() => _loop = RunAsync(_stop.Token);

    /// <summary>Counts a call.</summary>
    public void Add(FunctionCall call, CallResult result, bool isCold)
    {
        var usage = result.Usage;
        var one = new FunctionUsage(
            call.Manifest.Name, 1, result.Outcome == CallOutcome.Completed ? 0 : 1, isCold ? 1 : 0, usage.Worked.TotalMilliseconds, usage.MemoryBytes / MiB * usage.Ran.TotalMilliseconds,
            call.Data.Length + result.Output.Length);
        _totals.GetOrAdd(one.Function, static name => new UsageTotal(name)).Add(one);
    }

    /// <summary>What a function cost, what is not written yet included.</summary>
    public async Task<UsageReport> OfAsync(string function, CancellationToken cancellation)
    {
        var total = _totals.GetOrAdd(function, static name => new UsageTotal(name));
        if (total.IsRead)
        {
            return new UsageReport(total.Now, total.Fault);
        }

        using var limit = new CancellationTokenSource(StoreLimit, TimeProvider.System);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return new UsageReport(await ReadAsync(total, both.Token), total.Fault);
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested)
        {
            return Here(function, $"what it cost before this service started, because {Store} does not answer: {error.Message}");
        }
    }

    /// <summary>What this process counted, without asking the store.</summary>
    public UsageReport Here(string function, string missing) => new(_totals.GetValueOrDefault(function)?.Now ?? FunctionUsage.None(function), missing) { IsAway = true };

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        await SaveRestAsync();
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
                await SaveAsync(CancellationToken.None);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // What is left is written at the end.
        }
    }

    /// <summary>Goes on as long as the store takes something.</summary>
    private async Task SaveRestAsync()
    {
        using var limit = new CancellationTokenSource(StopLimit, TimeProvider.System);
        while (await SaveAsync(limit.Token) > 0 && !limit.IsCancellationRequested)
        {
            // What there was no time for has its turn next.
        }
    }

    /// <summary>Writes what the store has not, as much as there is time for; how much that was.</summary>
    internal async Task<int> SaveAsync(CancellationToken cancellation)
    {
        // The store answers in its own time, whatever clock a test gave to this service.
        using var limit = new CancellationTokenSource(StoreLimit, TimeProvider.System);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        var due = _totals.Values.Where(t => t.IsDue).OrderBy(t => t.Turn).ToArray();
        var (left, written, failed, reason) = (due.Length, 0, 0, "");
        foreach (var total in due.TakeWhile(_ => !both.IsCancellationRequested))
        {
            left--;
            // Also one that fails has had its turn: the others come before it is tried again.
            total.Turn = ++_turns;
            try
            {
                written += await SaveAsync(total, both.Token) ? 1 : 0;
            }
            catch (Exception error)
            {
                // The store is away, or does not take this one: the counts wait in memory for the next time.
                (failed, reason) = (failed + 1, error.Message);
            }
        }

        if (failed > 0)
        {
            LogFailed(logger, failed, reason, left);
        }

        return written;
    }

    /// <summary>False: the store has a row that can't be read, and keeps it.</summary>
    private async Task<bool> SaveAsync(UsageTotal total, CancellationToken cancellation)
    {
        var now = await ReadAsync(total, cancellation);
        if (total.Fault is not null)
        {
            return false;
        }

        await dapr.SaveByteStateAsync(Store, Key(total.Function), JsonSerializer.SerializeToUtf8Bytes(now, UsageJson.Default.FunctionUsage), cancellationToken: cancellation);
        total.Wrote(now);
        return true;
    }

    /// <summary>Takes what earlier processes counted, once.</summary>
    private async Task<FunctionUsage> ReadAsync(UsageTotal total, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            if (!total.IsRead)
            {
                var row = await dapr.GetByteStateAsync(Store, Key(total.Function), cancellationToken: cancellation);
                if (FunctionUsage.TryRead(row.Span, total.Function) is { } written)
                {
                    total.Read(written);
                }
                else if (total.Fault is null)
                {
                    total.Fault = $"what it cost before this service started, because {Store} has what this version can't read under {Key(total.Function)}: delete it, or run the version that wrote it";
                    LogUnreadable(logger, total.Function, total.Fault);
                }
            }

            return total.Now;
        }
        finally
        {
            _one.Release();
        }
    }

    private string Key(string function) => $"{identity.Site}/functions/usage/{function}";

    [LoggerMessage(LogLevel.Warning, "The usage of {Count} functions could not be written ({Reason}), and {Left} had no turn; it is written the next time")]
    private static partial void LogFailed(ILogger logger, int count, string reason, int left);

    [LoggerMessage(LogLevel.Error, "The usage of {Function} is counted from now on only, and not written until then. Missing is {Missing}")]
    private static partial void LogUnreadable(ILogger logger, string function, string missing);
}
