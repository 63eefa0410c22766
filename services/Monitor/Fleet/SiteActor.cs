using System.Text;
using Dapr.Actors.Runtime;

namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>Keeps a <see cref="SiteRecord"/> and its dead-man's timer. All decisions are the record's. Its state is saved before the board
/// shows it, so a crash shows nothing that is forgotten afterwards. The timer is set for the next deadline and, when it comes, for what the
/// deadline has become since: a report costs no write for it.</summary>
[Actor(TypeName = Type)]
internal sealed class SiteActor(ActorHost host, FleetBoard board, LivenessRules rules, TimeProvider clock) : Actor(host), ISite, IRemindable
{
    public const string Type = "Site";

    private const string Timer = "silence";
    private const string RecordKey = "record";
    private const string ChangesKey = "changes";
    private const string MarksKey = "marks";
    private static readonly TimeSpan Once = TimeSpan.FromMilliseconds(-1);
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    private SiteRecord? _record;

    /// <summary>Written, and shown on the board, since this actor is in memory.</summary>
    private bool _isKept;

    public async Task HearAsync(string report)
    {
        var parsed = SiteReport.Parse(Encoding.UTF8.GetBytes(report)) ?? throw new ArgumentException("A report is a JSON object.", nameof(report));
        var before = await ReadAsync();
        var after = before.Hear(parsed, rules, clock.GetUtcNow());
        await KeepAsync(before, after);
        if (before.Liveness.Deadline(rules) is null)
        {
            await RemindAsync();
        }
    }

    /// <summary>Asked at the core's start and with each of its reports: a reminder that was lost costs no more than that.</summary>
    public async Task WatchAsync()
    {
        if (await LookAsync())
        {
            await RemindAsync();
        }
    }

    /// <summary>May come twice or late; what is due is read from the state.</summary>
    public async Task ReceiveReminderAsync(string reminderName, byte[] state, TimeSpan dueTime, TimeSpan period)
    {
        await LookAsync();
        await RemindAsync();
    }

    /// <summary>Whether there was something to keep.</summary>
    private async Task<bool> LookAsync()
    {
        var before = await ReadAsync();
        var after = before.Look(rules, clock.GetUtcNow());
        if (_isKept && after.Liveness == before.Liveness)
        {
            return false;
        }

        await KeepAsync(before, after);
        return true;
    }

    /// <summary>Whatever calls first after a start, such as a reminder that is hours late: nobody listened before the board was there.</summary>
    private async Task<SiteRecord> ReadAsync()
    {
        if (_record is null && await StateManager.TryGetStateAsync<SiteRecord>(RecordKey) is { HasValue: true, Value: var saved })
        {
            _record = saved with
            {
                Changes = [.. await StateManager.GetOrAddStateAsync<LivenessChange[]>(ChangesKey, [])],
                Marks = [.. await StateManager.GetOrAddStateAsync<Anomalies.AnomalyMark[]>(MarksKey, [])],
            };
        }

        return (_record ?? SiteRecord.New(Id.GetId(), board.ListensFrom)).Resume(board.ListensFrom);
    }

    /// <summary>Lists are written when they changed: most reports change neither.</summary>
    private async Task KeepAsync(SiteRecord before, SiteRecord after)
    {
        await StateManager.SetStateAsync(RecordKey, after with { Changes = [], Marks = [] });
        if (after.Changes != before.Changes)
        {
            await StateManager.SetStateAsync(ChangesKey, after.Changes.ToArray());
        }

        if (after.Marks != before.Marks)
        {
            await StateManager.SetStateAsync(MarksKey, after.Marks.ToArray());
        }

        await StateManager.SaveStateAsync();
        _record = after;
        _isKept = true;
        board.Take(after);
    }

    private async Task RemindAsync()
    {
        if ((await ReadAsync()).Liveness.Deadline(rules) is { } deadline)
        {
            var due = deadline - clock.GetUtcNow();
            await RegisterReminderAsync(Timer, [], due < Least ? Least : due, Once);
        }
    }
}
