using Dapr.AppCallback.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Apps;
using Grpc.Core;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>What an app that speaks gRPC subscribes: <c>AppCallback.ListTopicSubscriptions</c>. One that does not serve it subscribes nothing.</summary>
internal static class GrpcSubscriptions
{
    public static async Task<IReadOnlyList<Subscription>> ReadAsync(AppCallbacks callbacks, List<string> faults, CancellationToken cancellation)
    {
        var answer = await AppQuestion.UntilAnsweredAsync(limit => AskAsync(callbacks, limit), cancellation);
        return [.. answer.Subscriptions.Select(s => From(s, faults)).OfType<Subscription>()];
    }

    private static async Task<ListTopicSubscriptionsResponse> AskAsync(AppCallbacks callbacks, CancellationToken cancellation)
    {
        try
        {
            return await callbacks.ListTopicSubscriptions(cancellation);
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.Unavailable)
        {
            throw new HttpRequestException(error.Status.Detail, error);
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.Cancelled)
        {
            throw new OperationCanceledException(error.Status.Detail, error, cancellation);
        }
        catch (RpcException)
        {
            return new ListTopicSubscriptionsResponse();
        }
    }

    private static Subscription? From(TopicSubscription asked, List<string> faults)
    {
        var source = $"ListTopicSubscriptions, topic {asked.Topic} of {asked.PubsubName}";
        var rules = (asked.Routes?.Rules ?? []).Select(r => RoutingRule.Parse(r.Match, r.Path, source, faults)).ToArray();
        return new Subscription(asked.PubsubName, asked.Topic, [.. rules.OfType<RoutingRule>()], asked.Routes?.Default ?? "")
        {
            DeadLetterTopic = asked.DeadLetterTopic.Length > 0 ? asked.DeadLetterTopic : null,
            Metadata = new Dictionary<string, string>(asked.Metadata),
            Bulk = asked.BulkSubscribe is { Enabled: true } bulk ? BulkOptions.Of(bulk.MaxMessagesCount, bulk.MaxAwaitDurationMs) : null,
        }.Checked(rules.Contains(null), source, faults);
    }
}
