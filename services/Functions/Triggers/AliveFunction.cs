using EdgeMesh.Functions;
using EdgeMesh.Services.Functions.Deployments;
using EdgeMesh.Services.Functions.Triggers.Changes;
using EdgeMesh.Services.Functions.Triggers.Retries;
using EdgeMesh.Services.Functions.Triggers.Schedules;
using EdgeMesh.Services.Functions.Triggers.Topics;

namespace EdgeMesh.Services.Functions.Triggers;

/// <summary>A function's triggers at this site. They outlive its versions: what two of them have in common goes on, calls under way included, and each call goes to the
/// version that is due. Only the triggers' loop changes it.</summary>
internal sealed class AliveFunction(FunctionRetries retries) : IAsyncDisposable
{
    private IReadOnlyList<ScheduleSource> _schedules = [];

    public IReadOnlyList<TopicSource> Topics { get; private set; } = [];

    public IReadOnlyList<ChangesSource> Changes { get; private set; } = [];

    /// <summary>Takes up a version's triggers.</summary>
    /// <param name="manifest">The version.</param>
    /// <param name="make">Makes what no version before had.</param>
    /// <param name="waiting">Rows of schedules that must not begin yet.</param>
    /// <returns>The schedules that the version has no more.</returns>
    public IReadOnlyList<ScheduleSource> Follow(FunctionManifest manifest, SourceMaker make, IReadOnlySet<string> waiting)
    {
        var before = _schedules;
        _schedules = [.. manifest.Triggers.Select(t => t.Schedule).OfType<ScheduleTrigger>()
            .Where(t => !waiting.Contains(ScheduleSource.RowOf(make.Identity, manifest.Name, t))).Select(t => Schedule(before, manifest.Name, t, make))];
        Topics = [.. manifest.Triggers.Select(t => t.Topic).OfType<TopicTrigger>().Select(t => Topics.FirstOrDefault(s => s.Trigger.Equals(t)) ?? make.Topic(manifest.Name, t, retries))];
        Changes = [.. manifest.Triggers.Select(t => t.Changes).OfType<ChangesTrigger>().Select(t => Changes.FirstOrDefault(s => s.Trigger.Equals(t)) ?? make.Changes(manifest.Name, t, retries))];
        return [.. before.Except(_schedules)];
    }

    /// <summary>The function does not run here any more. Calls under way come to their end by themselves.</summary>
    public Task EndAsync() => Task.WhenAll([retries.EndAsync(), .. _schedules.Select(s => s.EndAsync())]);

    /// <summary>Begins no more calls, and returns when those under way are settled.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAll([retries.DisposeAsync().AsTask(), .. _schedules.Select(s => s.DisposeAsync().AsTask())]);

    private static ScheduleSource Schedule(IReadOnlyList<ScheduleSource> before, string function, ScheduleTrigger trigger, SourceMaker make)
    {
        if (before.FirstOrDefault(s => s.Row == ScheduleSource.RowOf(make.Identity, function, trigger)) is { } alive)
        {
            alive.Schedule = trigger;
            return alive;
        }

        var made = make.Schedule(function, trigger);
        made.Start();
        return made;
    }
}
