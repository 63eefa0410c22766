using Dapr.Actors.Runtime;
using EdgeMesh.Functions;
using EdgeMesh.Services.Functions.Store;

namespace EdgeMesh.Services.Functions.Rollouts;

/// <summary>Owns a function's rollout at this site: every step is taken in its turn, decided by <see cref="RolloutRules"/>, and written to the
/// journal, from where calls and other sites take it, before the next is decided. A crash between two steps leaves the first: whoever looks
/// next, the reminder or <see cref="SiteRollouts"/> at the next start, decides the second again. Its own state is what a canary's versions
/// did; a crash loses what they did since the last look, <see cref="LookEvery"/> at most.</summary>
[Actor(TypeName = Type)]
internal sealed class RolloutActor(ActorHost host, FunctionsOpener opener, TimeProvider clock) : Actor(host), IRollout, IRemindable
{
    public const string Type = "Rollout";

    private const string Reminder = "look";
    private const string TalliesKey = "tallies";

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WaitingLookEvery = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Once = TimeSpan.FromMilliseconds(-1);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private CanaryTallies? _kept;

    private string Function => Id.GetId();

    public Task LookAsync() => StepAsync(static state => state);

    public Task HoldAsync(string by) => StepAsync(state => RolloutRules.Hold(state, by));

    public Task ReleaseAsync(string by) => StepAsync(state => RolloutRules.Release(state, by));

    public Task PauseAsync(string by) => StepAsync(state => RolloutRules.Pause(state, by));

    public Task ResumeAsync(string by) => StepAsync(state => RolloutRules.Resume(state, by, clock.GetUtcNow()));

    /// <summary>May come twice or late; what is due is read from the journal.</summary>
    public Task ReceiveReminderAsync(string reminderName, byte[] state, TimeSpan dueTime, TimeSpan period) => LookAsync();

    private async Task StepAsync(Func<RolloutState, RolloutState> change)
    {
        var book = opener.Store?.Rollouts.Book ?? throw new InvalidOperationException($"The functions are not open yet: waiting for {opener.WaitsFor}.");
        // The journal answers in its own time, whatever clock a test gave to this service.
        using var limit = new CancellationTokenSource(Limit, TimeProvider.System);
        await RecallAsync(book);
        var isAtRest = await book.DecideAsync(Function, change, limit.Token);
        await KeepAsync(book);
        await RemindAsync(book);
        if (!isAtRest)
        {
            throw new InvalidOperationException($"The rollout of '{Function}' did not come to rest: another process writes it too, or its document is of a newer version.");
        }
    }

    /// <summary>What was kept of a canary before this process began to count.</summary>
    private async Task RecallAsync(RolloutBook book)
    {
        var state = book.State(Function);
        if (state.Phase == RolloutPhase.Canary && !book.Counts.Of(state).IsRecalled)
        {
            _kept = await StateManager.TryGetStateAsync<CanaryTallies>(TalliesKey) is { HasValue: true, Value: var kept } ? kept : null;
            book.Counts.Of(state).Recall(_kept);
        }
    }

    private async Task KeepAsync(RolloutBook book)
    {
        var state = book.State(Function);
        if (state.Phase == RolloutPhase.Canary && book.Counts.Of(state).Read() is var tallies && tallies != _kept)
        {
            await StateManager.SetStateAsync(TalliesKey, tallies);
            await StateManager.SaveStateAsync();
            _kept = tallies;
        }
    }

    /// <summary>Once for each look: a rollout that is over needs none, and one that comes all the same finds nothing to do.</summary>
    private async Task RemindAsync(RolloutBook book)
    {
        var state = book.State(Function);
        if (!RolloutRules.IsUnderWay(state) || book.Facts(Function) is not { } facts)
        {
            return;
        }

        var due = state.Phase == RolloutPhase.Waiting ? WaitingLookEvery : LookEvery;
        if (RolloutRules.Deadline(state, facts) is { } deadline && deadline - facts.Now < due)
        {
            due = deadline - facts.Now;
        }

        await RegisterReminderAsync(Reminder, [], due < Least ? Least : due, Once);
    }
}
