using System.Runtime.ExceptionServices;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Resiliency;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>Publishing, whatever the transport.</summary>
internal static class PubSubBlock
{
    /// <summary>Entries of one bulk publish that are on their way at a time: enough to share a durable broker's syncs.</summary>
    private const int ParallelEntries = 256;

    /// <summary>The topic of a component that an app publishes to. Tells a missing component before a body is read, as daprd does.</summary>
    public static PubSubTarget Target(AppRuntime app, string pubsub, string topic)
    {
        if (pubsub.Length == 0)
        {
            throw PubSubFaults.NameEmpty();
        }

        var broker = Broker(app, pubsub, out var spec);
        if (topic.Length == 0)
        {
            throw PubSubFaults.TopicEmpty(pubsub);
        }

        return new PubSubTarget(app, broker, spec, topic);
    }

    /// <summary>Returns once the broker owns the message.</summary>
    public static async Task PublishAsync(PubSubTarget target, Publication publication, CancellationToken cancellation)
    {
        var message = Message(target, publication, IsRaw(target, publication.Metadata));
        target.RequireAllowed();
        var began = target.App.Process.Clock.GetTimestamp();
        var failure = await TryPublishAsync(target, message, cancellation);
        var took = target.App.Process.Clock.GetElapsedTime(began);
        PubSubMetrics.Published(target, failure is null, took);
        target.App.Conventions.Published(target, failure, took);
        ThrowIfCanceled(failure);
        if (failure is { } error)
        {
            throw PubSubFaults.NotPublished(target.Spec.Name, target.Topic, error.Message);
        }
    }

    /// <summary>Whether a request asks for no envelopes.</summary>
    public static bool IsRaw(PubSubTarget target, IReadOnlyDictionary<string, string> metadata) =>
        RawPayload.TryRead(metadata, out var isRaw) ? isRaw : throw PubSubFaults.NotBoolean(target.Spec.Name, metadata[RawPayload.Field]);

    /// <summary>Publishes each entry for itself, in no order.</summary>
    /// <param name="target">Where to.</param>
    /// <param name="isRaw">Of all entries: as with daprd the request says it, and not an entry.</param>
    /// <param name="entries">What.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>What failed, by the entry's id.</returns>
    public static async Task<IReadOnlyList<(string EntryId, string Error)>> PublishManyAsync(PubSubTarget target, bool isRaw, IReadOnlyList<BulkEntry> entries, CancellationToken cancellation)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        if (entries.Any(e => e.Id.Length == 0 || !ids.Add(e.Id)))
        {
            throw PubSubFaults.EntryIds(target.Spec.Name, target.Topic, target.App.AppId);
        }

        var messages = entries.Select(e => Message(target, e.Publication, isRaw)).ToArray();
        target.RequireAllowed();
        var errors = new Exception?[entries.Count];
        var began = target.App.Process.Clock.GetTimestamp();
        // Each has its outcome, also when the caller is gone meanwhile: what the broker owns is told from what it does not.
        await Parallel.ForAsync(0, messages.Length, new ParallelOptions { MaxDegreeOfParallelism = ParallelEntries },
            async (i, _) => errors[i] = await TryPublishAsync(target, messages[i], cancellation));
        var took = target.App.Process.Clock.GetElapsedTime(began);
        PubSubMetrics.PublishedMany(target, Array.TrueForAll(errors, e => e is null), took);
        target.App.Conventions.PublishedMany(target, errors, took);
        ThrowIfCanceled(Array.Find(errors, e => e is OperationCanceledException));
        return [.. errors.Index().Where(e => e.Item is not null).Select(e => (entries[e.Index].Id, e.Item!.Message))];
    }

    /// <summary>An app's component of that name.</summary>
    public static IPubSubBroker Broker(AppRuntime app, string name, out ComponentSpec spec)
    {
        if (app.Find(name) is not { } component || !component.Spec.Type.StartsWith("pubsub.", StringComparison.Ordinal))
        {
            throw PubSubFaults.NotFound(name);
        }

        spec = component.Spec;
        return component.Driver as IPubSubBroker ?? throw PubSubFaults.NotOpen(name, component.Failure);
    }

    private static BrokerMessage Message(PubSubTarget target, Publication publication, bool isRaw)
    {
        // A broker keeps the bytes, and the caller's buffer goes back to its pool: one copy, and none beside it.
        var data = isRaw
            ? publication.Data.ToArray()
            : CloudEvent.Wrap(target.Broker.ExpiresMessages ? publication with { IsExpiredByBroker = true } : publication, target.App.AppId, target.App.Process.Clock.GetUtcNow()) ?? throw PubSubFaults.NoCloudEvent(target.Spec.Name, target.App.AppId);
        return new BrokerMessage(target.Topic, data, publication.Metadata) { IsRaw = isRaw };
    }

    /// <summary>Nobody is there who would want another answer.</summary>
    private static void ThrowIfCanceled(Exception? failure)
    {
        if (failure is OperationCanceledException)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <returns>Why the broker does not own the message; null: it does.</returns>
    private static async Task<Exception?> TryPublishAsync(PubSubTarget target, BrokerMessage message, CancellationToken cancellation)
    {
        Exception? failure = null;
        try
        {
            cancellation.ThrowIfCancellationRequested();
            await target.App.Resilience.Outbound(target.Spec).RunAsync(token => target.Broker.PublishAsync(message, token), cancellation);
        }
        catch (Exception error)
        {
            // Whatever a broker throws means that it does not own the message.
            failure = error;
        }

        return failure;
    }
}

/// <param name="App">Who publishes.</param>
/// <param name="Broker">The open component.</param>
/// <param name="Spec">Its specification, as this app sees it.</param>
/// <param name="Topic">Not empty.</param>
internal sealed record PubSubTarget(AppRuntime App, IPubSubBroker Broker, ComponentSpec Spec, string Topic)
{
    /// <summary>Topic scopes are asked after the message was read, as daprd does.</summary>
    public void RequireAllowed()
    {
        if (!TopicScopes.MayPublish(Spec, App.AppId, Topic))
        {
            throw PubSubFaults.Forbidden(Spec.Name, Topic, App.AppId);
        }
    }
}
