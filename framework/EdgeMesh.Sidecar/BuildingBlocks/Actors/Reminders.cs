using System.Collections.Concurrent;
using System.Threading.Channels;
using EdgeMesh.Sidecar.Apps;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>The reminders of the process. Each is kept in the file of the app that registered it, and calls the actor wherever it lives.
/// A call that the app refuses is repeated by the reminder's policy; one that can't reach the app waits until it can.</summary>
internal sealed partial class Reminders
{
    private static readonly TimeSpan AwayPause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<(ActorAddress, string), Entry> _entries = new();
    private readonly ConcurrentDictionary<string, ReminderShelf> _shelves = new(StringComparer.Ordinal);

    /// <summary>Changes of one reminder happen one after the other; those of others share the file's next sync.</summary>
    private readonly SemaphoreSlim[] _gates = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1))];

    /// <summary>Takes up what earlier runs of the app left. A file that can't be opened is told by name, and again when it is needed.</summary>
    public void Open(AppRuntime app, ILogger logger)
    {
        var shelf = _shelves[app.AppId] = new ReminderShelf(app, logger, (kept, reminder, registration) => Start(new Entry(reminder, registration, kept)));
        try
        {
            shelf.Load();
        }
        catch (InvalidOperationException error)
        {
            LogUnopened(logger, app.AppId, error.Message);
        }
    }

    /// <summary>Durable when it returns.</summary>
    public async Task RegisterAsync(AppRuntime app, Reminder reminder, bool overwrite)
    {
        var gate = await EnterAsync(reminder.Actor, reminder.Name);
        try
        {
            var old = _entries.GetValueOrDefault((reminder.Actor, reminder.Name));
            if (old is not null && !overwrite)
            {
                throw ActorFaults.ReminderExists(reminder.Name);
            }

            var shelf = old?.Shelf ?? _shelves.GetValueOrDefault(app.AppId) ?? throw ActorFaults.Reminder("the sidecar stops");
            var entry = new Entry(reminder, Guid.NewGuid().ToString("N"), shelf);
            await shelf.NeedFile().SaveAsync(reminder, entry.Registration);
            Start(entry);
        }
        catch (Exception error) when (error is InvalidOperationException or SqliteException or ChannelClosedException)
        {
            throw ActorFaults.Reminder(error.Message);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Deleting one that is not there is no fault. A call under way goes on: it may be the very one that deletes.</summary>
    public async Task DeleteAsync(ActorAddress actor, string name)
    {
        var gate = await EnterAsync(actor, name);
        try
        {
            if (_entries.TryGetValue((actor, name), out var entry))
            {
                await entry.Shelf.NeedFile().DeleteAsync(entry.Reminder, entry.Registration);
                _entries.TryRemove(new((actor, name), entry));
                await entry.End.CancelAsync();
            }
        }
        finally
        {
            gate.Release();
        }
    }

    /// <param name="type">The type.</param>
    /// <param name="id">One actor; empty: all of the type.</param>
    public Task DeleteAllAsync(string type, string id) => Task.WhenAll(List(type, id).Select(r => DeleteAsync(r.Actor, r.Name)));

    public Reminder? Find(ActorAddress actor, string name) => _entries.GetValueOrDefault((actor, name))?.Reminder;

    public IReadOnlyList<Reminder> List(string type, string id) =>
        [.. _entries.Values.Select(e => e.Reminder).Where(r => r.Actor.Type == type && (id.Length == 0 || r.Actor.Id == id))];

    /// <summary>None of the app's reminders fires any more.</summary>
    public void Stop(string appId)
    {
        foreach (var entry in Of(appId))
        {
            entry.End.Cancel();
        }
    }

    public async Task CloseAsync(string appId)
    {
        if (_shelves.TryRemove(appId, out var shelf))
        {
            // Calls that ended meanwhile may have registered some.
            Stop(appId);
            var entries = Of(appId);
            await shelf.CloseAsync(entries.Select(e => e.Run));
            entries.ForEach(e => _entries.TryRemove(new((e.Reminder.Actor, e.Reminder.Name), e)));
        }
    }

    private List<Entry> Of(string appId) => [.. _entries.Values.Where(e => e.Shelf.App.AppId == appId)];

    private async Task<SemaphoreSlim> EnterAsync(ActorAddress actor, string name)
    {
        var gate = _gates[(uint)HashCode.Combine(actor, name) % _gates.Length];
        await gate.WaitAsync();
        return gate;
    }

    private void Start(Entry entry)
    {
        _entries.AddOrUpdate((entry.Reminder.Actor, entry.Reminder.Name), entry, (_, old) =>
        {
            old.End.Cancel();
            return entry;
        });
        entry.Run = RunAsync(entry);
    }

    private async Task RunAsync(Entry entry)
    {
        var clock = entry.Shelf.App.Process.Clock;
        try
        {
            while (true)
            {
                await Moment.WaitAsync(entry.Reminder.When.Due, clock, entry.End.Token);
                if (!await FireAsync(entry, clock) || entry.Reminder.When.Next(clock.GetUtcNow()) is not { } next)
                {
                    break;
                }

                entry.Reminder = entry.Reminder with { When = next };
                await RecordAsync(entry, file => file.AdvanceAsync(entry.Reminder, entry.Registration));
            }

            await RecordAsync(entry, file => file.DeleteAsync(entry.Reminder, entry.Registration));
            _entries.TryRemove(new((entry.Reminder.Actor, entry.Reminder.Name), entry));
        }
        catch (OperationCanceledException)
        {
            // Deleted or replaced; or the sidecar stops, and what was under way fires again at its next start.
        }
    }

    /// <returns>Whether it goes on.</returns>
    private async Task<bool> FireAsync(Entry entry, TimeProvider clock)
    {
        var (reminder, app) = (entry.Reminder, entry.Shelf.App);
        for (var retries = 0; ;)
        {
            TimeSpan pause;
            try
            {
                var callback = new Callback(IsTimer: false, reminder.Name, reminder.Data);
                using var request = callback.Request();
                using var answer = await ActorsBlock.CallAsync(app, callback.Call(reminder.Actor, request), entry.Shelf.Aborted);
                ActorMetrics.ReminderFired(app, reminder.Actor.Type, success: true);
                return !Callback.WasLast(answer);
            }
            catch (DaprFault fault) when (ActorFaults.IsAway(fault))
            {
                LogAway(entry.Shelf.Logger, reminder.Name, reminder.Actor, fault.Message);
                pause = AwayPause;
            }
            catch (DaprFault fault) when (retries++ >= reminder.Retry.MaxRetries)
            {
                ActorMetrics.ReminderFired(app, reminder.Actor.Type, success: false);
                LogLost(entry.Shelf.Logger, reminder.Name, reminder.Actor, retries, fault.Message);
                return true;
            }
            catch (DaprFault fault)
            {
                ActorMetrics.ReminderFired(app, reminder.Actor.Type, success: false);
                LogRetried(entry.Shelf.Logger, reminder.Name, reminder.Actor, fault.Message);
                pause = reminder.Retry.Interval;
            }

            await Moment.WaitAsync(clock.GetUtcNow() + pause, clock, entry.End.Token);
        }
    }

    private static async Task RecordAsync(Entry entry, Func<ReminderFile, Task> change)
    {
        try
        {
            await change(entry.Shelf.NeedFile());
        }
        catch (Exception error) when (error is SqliteException or ChannelClosedException)
        {
            // It goes on by memory; after a restart the file's older time fires once more.
            LogUnrecorded(entry.Shelf.Logger, entry.Reminder.Name, entry.Reminder.Actor, error.Message);
        }
    }

    private sealed class Entry(Reminder reminder, string registration, ReminderShelf shelf)
    {
        /// <summary>Moved on by the entry's own run.</summary>
        public Reminder Reminder { get; set; } = reminder;

        /// <summary>Tells it from an earlier or later one of the same name.</summary>
        public string Registration => registration;

        public ReminderShelf Shelf => shelf;

        /// <summary>Ends waiting, and no call under way.</summary>
        public CancellationTokenSource End { get; } = new();

        public Task Run { get; set; } = Task.CompletedTask;
    }

    [LoggerMessage(LogLevel.Error, "{App}: its reminders can't be taken up: {Reason}")]
    private static partial void LogUnopened(ILogger logger, string app, string reason);

    [LoggerMessage(LogLevel.Warning, "Reminder {Name} of {Actor} can't be delivered and waits: {Reason}")]
    private static partial void LogAway(ILogger logger, string name, ActorAddress actor, string reason);

    [LoggerMessage(LogLevel.Warning, "Reminder {Name} of {Actor} failed and is repeated: {Reason}")]
    private static partial void LogRetried(ILogger logger, string name, ActorAddress actor, string reason);

    [LoggerMessage(LogLevel.Error, "Reminder {Name} of {Actor} failed {Count} times and is given up for this time: {Reason}")]
    private static partial void LogLost(ILogger logger, string name, ActorAddress actor, int count, string reason);

    [LoggerMessage(LogLevel.Error, "That reminder {Name} of {Actor} fired can't be recorded: {Reason}")]
    private static partial void LogUnrecorded(ILogger logger, string name, ActorAddress actor, string reason);
}
