using System.Collections.Immutable;
using Dapr.Client;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Alerting.Notices;
using EdgeMesh.Services.Monitor.Alerting.Rules;

namespace EdgeMesh.Services.Monitor.Alerting;

/// <summary>The site's alerts: what is wrong, what was, who was told. Kept in <c>heads</c>. What people decide is on disk before it holds. What a look
/// finds is shown before it is on disk: what a crash forgets is found again by the next look, with the time since when it holds from then, or is told
/// once more. May be used by several threads.</summary>
internal sealed class AlertBook(AlertRules rules, AlertOptions options, DaprClient dapr, SiteAlerts told, SiteIdentity identity, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _saving = new(1, 1);
    private readonly HeadsValue<AlertMemory> _memory = new(dapr, $"{identity.Site}/monitor/alerts", AlertJson.Default.AlertMemory);
    private readonly HeadsValue<AlertHistory> _history = new(dapr, $"{identity.Site}/monitor/alert-history", AlertJson.Default.AlertHistory);
    private AlertTable _table = new();
    private ImmutableArray<ToldGroup> _told = [];
    private ImmutableArray<RouteStatus> _routes = [.. rules.Routes.Select(r => RouteStatus.New(r.Name))];

    // Used by reading and saving alone, one at a time.
    private AlertMemory? _saved;
    private ImmutableArray<Alert> _savedHistory = [];
    private volatile bool _isLoaded;

    /// <summary>Something became something else. Handlers must be quick.</summary>
    public event Action? Changed;

    /// <summary>What is wrong, the worst first, then the oldest.</summary>
    public IReadOnlyList<Alert> Active => [.. Table.Active.OrderByDescending(a => a.State).ThenByDescending(a => a.Severity).ThenBy(a => a.Since)];

    /// <summary>How many more there are, for which there was no room.</summary>
    public int LeftOut => Table.LeftOut;

    /// <summary>Silences that are not over.</summary>
    public IReadOnlyList<Silence> Silences => Table.Silences;

    /// <summary>How the routes fare.</summary>
    public IReadOnlyList<RouteStatus> Routes
    {
        get
        {
            lock (_gate)
            {
                return _routes;
            }
        }
    }

    private AlertTable Table
    {
        get
        {
            lock (_gate)
            {
                return _table;
            }
        }
    }

    /// <summary>What was wrong and is over, by when it was over, the newest first.</summary>
    public IReadOnlyList<Alert> History(DateTimeOffset from, DateTimeOffset to) => [.. Table.History.Where(a => a.ResolvedAt >= from && a.ResolvedAt <= to).Reverse()];

    /// <summary>Silences what matches. Returns when it is on disk; if it can't be written, it does not hold.</summary>
    /// <returns>Null when it holds; else what is wrong with it.</returns>
    public async Task<SilenceRefusal?> SilenceAsync(Silence silence, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        if (silence.Fault(now) is { } fault)
        {
            return new(SilenceRefusal.Malformed, fault);
        }

        return await DecideAsync(table => table.With(silence, now), cancellation) ? null : SilenceRefusal.Full;
    }

    /// <summary>Ends a silence. Returns when that is on disk; false: there is none of that id. If it can't be written, the silence holds on.</summary>
    public Task<bool> UnsilenceAsync(string id, CancellationToken cancellation) => DecideAsync(table => table.WithoutSilence(id, clock.GetUtcNow()), cancellation);

    /// <summary>Goes on with what was known before the last stop; once. Before that nothing is taken or written: it would be written over.</summary>
    public async Task LoadAsync(CancellationToken cancellation)
    {
        if (_isLoaded)
        {
            return;
        }

        await _saving.WaitAsync(cancellation);
        try
        {
            if (!_isLoaded)
            {
                await ReadAsync(cancellation);
                _isLoaded = true;
            }
        }
        finally
        {
            _saving.Release();
        }
    }

    /// <summary>Takes a look at all rules, and writes what became different.</summary>
    public async Task TakeAsync(Evaluation look, CancellationToken cancellation)
    {
        await LoadAsync(cancellation);
        var isChange = false;
        Change(() =>
        {
            var next = _table.Next(look, options.ConsoleUrl, clock.GetUtcNow());
            isChange = !next.IsSameAs(_table);
            _table = next;
        });
        if (isChange)
        {
            await SaveAsync(cancellation);
        }
    }

    /// <summary>What is to be told now.</summary>
    public IReadOnlyList<Notice> Due()
    {
        lock (_gate)
        {
            var (due, told) = NoticePlan.Due(_table, _told, rules, clock.GetUtcNow());
            _told = told;
            return due;
        }
    }

    /// <summary>Takes what became of a try.</summary>
    /// <param name="notice">The notice.</param>
    /// <param name="error">Null: it was brought through.</param>
    /// <param name="random">For the pause.</param>
    public void Told(Notice notice, string? error, Random random) => Change(() =>
    {
        var now = clock.GetUtcNow();
        var group = _told.FirstOrDefault(t => t.Route == notice.Route && t.Group == notice.Group) ?? new ToldGroup { Route = notice.Route, Group = notice.Group };
        var (next, givenUp) = error is null ? (NoticePlan.Sent(group, notice, now), false) : NoticePlan.Failed(group, notice, rules.Notices, random, now);
        _told = [.. _told.Where(t => t.Route != notice.Route || t.Group != notice.Group), next];
        _routes = [.. _routes.Select(r => r.Name != notice.Route ? r : error is null ? r.Succeeded(now) : r.Failed(error, givenUp, now))];
    });

    /// <summary>Writes what must survive.</summary>
    public async Task SaveAsync(CancellationToken cancellation)
    {
        await _saving.WaitAsync(cancellation);
        try
        {
            AlertMemory memory;
            ImmutableArray<Alert> history;
            lock (_gate)
            {
                (memory, history) = (new(_table.Active, _table.Silences, _told, _routes), _table.History);
            }

            if (memory != _saved)
            {
                await _memory.WriteAsync(memory, cancellation);
                _saved = memory;
            }

            if (history != _savedHistory)
            {
                await _history.WriteAsync(new(history), cancellation);
                _savedHistory = history;
            }
        }
        finally
        {
            _saving.Release();
        }
    }

    /// <summary>Writes what somebody decides, then lets it hold; decisions come one at a time. False: it can't be.</summary>
    private async Task<bool> DecideAsync(Func<AlertTable, AlertTable?> change, CancellationToken cancellation)
    {
        await LoadAsync(cancellation);
        await _saving.WaitAsync(cancellation);
        try
        {
            AlertMemory decided;
            lock (_gate)
            {
                if (change(_table) is not { } next)
                {
                    return false;
                }

                decided = new(next.Active, next.Silences, _told, _routes);
            }

            // Of a write that fails nobody knows what is on disk: the next one brings it back to what holds.
            _saved = null;
            await _memory.WriteAsync(decided, cancellation);
            _saved = decided;
            // A look may have changed the table meanwhile; it takes no room, and no silence but those that are over.
            Change(() => _table = change(_table) ?? _table);
            return true;
        }
        finally
        {
            _saving.Release();
        }
    }

    private async Task ReadAsync(CancellationToken cancellation)
    {
        var memory = await _memory.ReadAsync(cancellation);
        var history = await _history.ReadAsync(cancellation);
        Change(() =>
        {
            _table = _table with { Active = memory?.Active ?? [], Silences = memory?.Silences ?? [], History = history?.Alerts ?? [] };
            _told = memory?.Told ?? [];
            _routes = [.. rules.Routes.Select(r => memory?.Routes.FirstOrDefault(s => s.Name == r.Name) ?? RouteStatus.New(r.Name))];
        });
        (_saved, _savedHistory) = (memory, history?.Alerts ?? []);
    }

    private void Change(Action change)
    {
        lock (_gate)
        {
            change();
        }

        told.Take(Table.Active.Where(a => a.Site == identity.Site));
        Changed?.Invoke();
    }
}
