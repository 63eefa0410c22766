using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Functions.Triggers.Topics;

/// <summary>The topics that functions of this site want: one subscription for each, since an app of Dapr has one group, whose messages every function that
/// wants them gets. Each goes on by itself: none waits long for another, and one that is done with a message does not get it again because another is not.</summary>
internal sealed class SiteTopics(SidecarEndpoints sidecar, TimeProvider clock, ILogger logger) : IAsyncDisposable
{
    private readonly PartlyTaken _partly = new();
    private readonly Dictionary<string, TopicStream> _streams = new(StringComparer.Ordinal);

    /// <summary>Subscriptions that nobody wants any more, with calls under way.</summary>
    private readonly List<Task> _ending = [];
    private volatile IReadOnlyList<TopicSource> _sources = [];

    /// <summary>How many functions get the messages of a topic.</summary>
    public int Wanting(string topic) => _sources.Count(s => s.Topic == topic);

    /// <summary>Gives a message to every function that wants it. True: all are done with it, or have it parked. False: it must come again, for those that
    /// are not.</summary>
    public async Task<bool> TakeAsync(TopicMessage message, CancellationToken cancellation)
    {
        var wanting = _sources.Where(s => s.Topic == message.Topic).ToArray();
        var due = wanting.Where(s => !_partly.IsTakenBy(message, s.Function)).ToArray();
        var taken = await Task.WhenAll(due.Select(s => TakeAsync(s, message, wanting.Length > 1, cancellation)));
        if (taken.All(t => t))
        {
            _partly.Forget(message);
            return true;
        }

        if (wanting.Length > 1)
        {
            _partly.Add(message, due.Where((_, i) => taken[i]).Select(s => s.Function));
        }

        return false;
    }

    /// <summary>Takes other functions' wishes in the place of those before. Waits for nothing.</summary>
    public void Follow(IReadOnlyList<TopicSource> sources)
    {
        _sources = sources;
        _ending.RemoveAll(e => e.IsCompleted);
        var wanted = sources.Select(s => s.Topic).ToHashSet();
        foreach (var topic in _streams.Keys.Where(t => !wanted.Contains(t)).ToArray())
        {
            _ending.Add(_streams[topic].EndAsync());
            _streams.Remove(topic);
        }

        foreach (var topic in wanted.Where(t => !_streams.ContainsKey(t)))
        {
            var stream = _streams[topic] = new TopicStream(sidecar, topic, TakeAsync, clock, logger);
            stream.Start();
        }
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll([.. _ending, .. _streams.Values.Select(s => s.DisposeAsync().AsTask())]);

    private async Task<bool> TakeAsync(TopicSource source, TopicMessage message, bool isShared, CancellationToken cancellation)
    {
        try
        {
            return await source.TakeAsync(message, isShared, cancellation);
        }
        catch (Exception error) when (isShared && !cancellation.IsCancellationRequested)
        {
            // What one could not take is no reason to call the others again.
            TopicStream.LogFailed(logger, error, message.Id, message.Topic);
            return false;
        }
    }
}
