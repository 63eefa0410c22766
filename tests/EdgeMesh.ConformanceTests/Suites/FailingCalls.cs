using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Grpc.Core;
using DaprApi = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Calls by gRPC that fail, by the names that <c>ErrorAnswers.txt</c> has for them.</summary>
internal static class FailingCalls
{
    public static readonly IReadOnlyDictionary<string, Func<DaprApi, Metadata, CancellationToken, Task>> ByName = new Dictionary<string, Func<DaprApi, Metadata, CancellationToken, Task>>
    {
        ["GetState nosuch"] = async (d, t, c) => await d.GetStateAsync(new GetStateRequest { StoreName = "nosuch", Key = "k" }, t, cancellationToken: c),
        ["GetState a||b"] = async (d, t, c) => await d.GetStateAsync(new GetStateRequest { StoreName = "sqlite", Key = "a||b" }, t, cancellationToken: c),
        ["GetBulkState nosuch"] = async (d, t, c) => await d.GetBulkStateAsync(new GetBulkStateRequest { StoreName = "nosuch" }, t, cancellationToken: c),
        ["GetBulkState a||b"] = async (d, t, c) => await d.GetBulkStateAsync(new GetBulkStateRequest { StoreName = "sqlite", Keys = { "a||b" } }, t, cancellationToken: c),
        ["SaveState nosuch"] = async (d, t, c) => await d.SaveStateAsync(StateSuite.Item("nosuch", "k", "1"), t, cancellationToken: c),
        ["SaveState nokey"] = async (d, t, c) => await d.SaveStateAsync(StateSuite.Item("sqlite", "", "1"), t, cancellationToken: c),
        ["SaveState a||b"] = async (d, t, c) => await d.SaveStateAsync(StateSuite.Item("sqlite", "a||b", "1"), t, cancellationToken: c),
        ["SaveState stale"] = async (d, t, c) => await d.SaveStateAsync(StateSuite.Item("sqlite", "e2", "1", "7"), t, cancellationToken: c),
        ["SaveState bad etag"] = async (d, t, c) => await d.SaveStateAsync(StateSuite.Item("sqlite", "e2", "1", "no number"), t, cancellationToken: c),
        ["SaveState bad ttl"] = async (d, t, c) => await d.SaveStateAsync(new SaveStateRequest { StoreName = "sqlite", States = { new StateItem { Key = "t", Metadata = { ["ttlInSeconds"] = "soon" } } } }, t, cancellationToken: c),
        ["SaveState two stale"] = async (d, t, c) => await d.SaveStateAsync(new SaveStateRequest { StoreName = "sqlite", States = { new StateItem { Key = "e2", Etag = new Etag { Value = "7" } }, new StateItem { Key = "e3", Etag = new Etag { Value = "7" } } } }, t, cancellationToken: c),
        ["DeleteState nosuch"] = async (d, t, c) => await d.DeleteStateAsync(new DeleteStateRequest { StoreName = "nosuch", Key = "k" }, t, cancellationToken: c),
        ["DeleteState stale"] = async (d, t, c) => await d.DeleteStateAsync(new DeleteStateRequest { StoreName = "sqlite", Key = "e2", Etag = new Etag { Value = "7" } }, t, cancellationToken: c),
        ["DeleteState a||b"] = async (d, t, c) => await d.DeleteStateAsync(new DeleteStateRequest { StoreName = "sqlite", Key = "a||b" }, t, cancellationToken: c),
        ["DeleteBulkState nosuch"] = async (d, t, c) => await d.DeleteBulkStateAsync(new DeleteBulkStateRequest { StoreName = "nosuch" }, t, cancellationToken: c),
        ["DeleteBulkState stale"] = async (d, t, c) => await d.DeleteBulkStateAsync(new DeleteBulkStateRequest { StoreName = "sqlite", States = { new StateItem { Key = "e2", Etag = new Etag { Value = "7" } } } }, t, cancellationToken: c),
        ["Transaction nosuch"] = async (d, t, c) => await d.ExecuteStateTransactionAsync(new ExecuteStateTransactionRequest { StoreName = "nosuch" }, t, cancellationToken: c),
        ["Transaction nosuch op"] = async (d, t, c) => await d.ExecuteStateTransactionAsync(new ExecuteStateTransactionRequest { StoreName = "sqlite", Operations = { new TransactionalStateOperation { OperationType = "nosuch", Request = new StateItem { Key = "k" } } } }, t, cancellationToken: c),
        ["Transaction stale"] = async (d, t, c) => await d.ExecuteStateTransactionAsync(new ExecuteStateTransactionRequest { StoreName = "sqlite", Operations = { new TransactionalStateOperation { OperationType = "upsert", Request = new StateItem { Key = "e2", Etag = new Etag { Value = "7" } } } } }, t, cancellationToken: c),
        ["Query"] = async (d, t, c) => await d.QueryStateAlpha1Async(new QueryStateRequest { StoreName = "sqlite", Query = "{}" }, t, cancellationToken: c),
        ["Query nosuch"] = async (d, t, c) => await d.QueryStateAlpha1Async(new QueryStateRequest { StoreName = "nosuch", Query = "{}" }, t, cancellationToken: c),
        ["Publish nosuch"] = async (d, t, c) => await d.PublishEventAsync(new PublishEventRequest { PubsubName = "nosuch", Topic = "t" }, t, cancellationToken: c),
        ["Publish noname"] = async (d, t, c) => await d.PublishEventAsync(new PublishEventRequest { Topic = "t" }, t, cancellationToken: c),
        ["Publish notopic"] = async (d, t, c) => await d.PublishEventAsync(new PublishEventRequest { PubsubName = "pubsub" }, t, cancellationToken: c),
        ["Publish raw maybe"] = async (d, t, c) => await d.PublishEventAsync(new PublishEventRequest { PubsubName = "pubsub", Topic = "t", Metadata = { ["rawPayload"] = "maybe" } }, t, cancellationToken: c),
        ["Publish bad event"] = async (d, t, c) => await d.PublishEventAsync(new PublishEventRequest { PubsubName = "pubsub", Topic = "t", DataContentType = "application/cloudevents+json", Data = ByteString.CopyFromUtf8("no json") }, t, cancellationToken: c),
        ["BulkPublish nosuch"] = async (d, t, c) => await d.BulkPublishEventAsync(new BulkPublishRequest { PubsubName = "nosuch", Topic = "t" }, t, cancellationToken: c),
        ["BulkPublish noids"] = async (d, t, c) => await d.BulkPublishEventAsync(new BulkPublishRequest { PubsubName = "pubsub", Topic = "t", Entries = { new BulkPublishRequestEntry { ContentType = "text/plain" } } }, t, cancellationToken: c),
        ["Invoke nobody"] = async (d, t, c) => await d.InvokeServiceAsync(new InvokeServiceRequest { Id = "nobody", Message = new InvokeRequest { Method = "x", HttpExtension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Get } } }, t, cancellationToken: c),
        ["Invoke noid"] = async (d, t, c) => await d.InvokeServiceAsync(new InvokeServiceRequest { Message = new InvokeRequest { Method = "x", HttpExtension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Get } } }, t, cancellationToken: c),
        ["Binding nosuch"] = async (d, t, c) => await d.InvokeBindingAsync(new InvokeBindingRequest { Name = "nosuch", Operation = "get" }, t, cancellationToken: c),
        ["Binding nosuch op"] = async (d, t, c) => await d.InvokeBindingAsync(new InvokeBindingRequest { Name = "web", Operation = "nosuch" }, t, cancellationToken: c),
        ["Binding noop"] = async (d, t, c) => await d.InvokeBindingAsync(new InvokeBindingRequest { Name = "web" }, t, cancellationToken: c),
        ["Secret nosuch store"] = async (d, t, c) => await d.GetSecretAsync(new GetSecretRequest { StoreName = "nosuch", Key = "k" }, t, cancellationToken: c),
        ["Secret nosuch"] = async (d, t, c) => await d.GetSecretAsync(new GetSecretRequest { StoreName = "files", Key = "nosuch" }, t, cancellationToken: c),
        ["BulkSecret nosuch"] = async (d, t, c) => await d.GetBulkSecretAsync(new GetBulkSecretRequest { StoreName = "nosuch" }, t, cancellationToken: c),
        ["Configuration nosuch"] = async (d, t, c) => await d.GetConfigurationAsync(new GetConfigurationRequest { StoreName = "nosuch" }, t, cancellationToken: c),
        ["Lock nosuch"] = async (d, t, c) => await d.TryLockAlpha1Async(new TryLockRequest { StoreName = "nosuch", ResourceId = "r", LockOwner = "o", ExpiryInSeconds = 1 }, t, cancellationToken: c),
        ["Lock noresource"] = async (d, t, c) => await d.TryLockAlpha1Async(new TryLockRequest { StoreName = "locks", LockOwner = "o", ExpiryInSeconds = 1 }, t, cancellationToken: c),
        ["Lock noowner"] = async (d, t, c) => await d.TryLockAlpha1Async(new TryLockRequest { StoreName = "locks", ResourceId = "r", ExpiryInSeconds = 1 }, t, cancellationToken: c),
        ["Lock noexpiry"] = async (d, t, c) => await d.TryLockAlpha1Async(new TryLockRequest { StoreName = "locks", ResourceId = "r", LockOwner = "o" }, t, cancellationToken: c),
        ["Lock a||b"] = async (d, t, c) => await d.TryLockAlpha1Async(new TryLockRequest { StoreName = "locks", ResourceId = "a||b", LockOwner = "o", ExpiryInSeconds = 1 }, t, cancellationToken: c),
        ["Unlock nosuch"] = async (d, t, c) => await d.UnlockAlpha1Async(new UnlockRequest { StoreName = "nosuch", ResourceId = "r", LockOwner = "o" }, t, cancellationToken: c),
        ["Unlock noowner"] = async (d, t, c) => await d.UnlockAlpha1Async(new UnlockRequest { StoreName = "locks", ResourceId = "r" }, t, cancellationToken: c),
        ["Unlock noresource"] = async (d, t, c) => await d.UnlockAlpha1Async(new UnlockRequest { StoreName = "locks", LockOwner = "r" }, t, cancellationToken: c),
        ["Job noname"] = async (d, t, c) => await d.ScheduleJobAsync(new ScheduleJobRequest { Job = new Job { DueTime = "1h" } }, t, cancellationToken: c),
        ["Job nojob"] = async (d, t, c) => await d.ScheduleJobAsync(new ScheduleJobRequest(), t, cancellationToken: c),
        ["Job nothing"] = async (d, t, c) => await d.ScheduleJobAsync(new ScheduleJobRequest { Job = new Job { Name = "e" } }, t, cancellationToken: c),
        ["Job bad schedule"] = async (d, t, c) => await d.ScheduleJobAsync(new ScheduleJobRequest { Job = new Job { Name = "e", Schedule = "often" } }, t, cancellationToken: c),
        ["Job get nosuch"] = async (d, t, c) => await d.GetJobAsync(new GetJobRequest { Name = "nosuch" }, t, cancellationToken: c),
        ["Job get noname"] = async (d, t, c) => await d.GetJobAsync(new GetJobRequest(), t, cancellationToken: c),
        ["Job delete noname"] = async (d, t, c) => await d.DeleteJobAsync(new DeleteJobRequest(), t, cancellationToken: c),
        ["Actor timer soon"] = async (d, t, c) => await d.RegisterActorTimerAsync(new RegisterActorTimerRequest { ActorType = "plain", ActorId = "1", Name = "t", DueTime = "soon" }, t, cancellationToken: c),
        ["Actor timer notype"] = async (d, t, c) => await d.RegisterActorTimerAsync(new RegisterActorTimerRequest { ActorId = "1", Name = "t", DueTime = "1h" }, t, cancellationToken: c),
        ["Actor reminder soon"] = async (d, t, c) => await d.RegisterActorReminderAsync(new RegisterActorReminderRequest { ActorType = "plain", ActorId = "1", Name = "t", DueTime = "soon" }, t, cancellationToken: c),
        ["Subscribe configuration nosuch"] = async (d, t, c) => await d.SubscribeConfiguration(new SubscribeConfigurationRequest { StoreName = "nosuch" }, t, cancellationToken: c).ResponseStream.MoveNext(c),
        ["Encrypt nosuch"] = (d, t, c) => EncryptAsync(d, t, new EncryptRequestOptions { ComponentName = "nosuch", KeyName = "rsa.pem", KeyWrapAlgorithm = "RSA" }, c),
        ["Encrypt nocomponent"] = (d, t, c) => EncryptAsync(d, t, new EncryptRequestOptions { KeyName = "rsa.pem", KeyWrapAlgorithm = "RSA" }, c),
        ["Encrypt nokey"] = (d, t, c) => EncryptAsync(d, t, new EncryptRequestOptions { ComponentName = "crypto", KeyWrapAlgorithm = "RSA" }, c),
        ["Encrypt noalgorithm"] = (d, t, c) => EncryptAsync(d, t, new EncryptRequestOptions { ComponentName = "crypto", KeyName = "rsa.pem" }, c),
        ["Encrypt nosuch algorithm"] = (d, t, c) => EncryptAsync(d, t, new EncryptRequestOptions { ComponentName = "crypto", KeyName = "rsa.pem", KeyWrapAlgorithm = "nosuch" }, c),
        ["Encrypt nosuch key"] = (d, t, c) => EncryptAsync(d, t, new EncryptRequestOptions { ComponentName = "crypto", KeyName = "nosuch", KeyWrapAlgorithm = "RSA" }, c),
        ["Decrypt nosuch"] = (d, t, c) => DecryptAsync(d, t, new DecryptRequestOptions { ComponentName = "nosuch" }, c),
        ["Decrypt no document"] = (d, t, c) => DecryptAsync(d, t, new DecryptRequestOptions { ComponentName = "crypto" }, c),
        ["Topic stream nosuch"] = (d, t, c) => SubscribeAsync(d, t, "nosuch", "t", c),
        ["Topic stream notopic"] = (d, t, c) => SubscribeAsync(d, t, "pubsub", "", c),
        ["Actor state inactive"] = async (d, t, c) => await d.ExecuteActorStateTransactionAsync(new ExecuteActorStateTransactionRequest { ActorType = "plain", ActorId = "inactive" }, t, cancellationToken: c),
    };

    private static async Task EncryptAsync(DaprApi dapr, Metadata token, EncryptRequestOptions options, CancellationToken cancellation)
    {
        using var call = dapr.EncryptAlpha1(token, cancellationToken: cancellation);
        await call.RequestStream.WriteAsync(new EncryptRequest { Options = options, Payload = new StreamPayload { Data = ByteString.CopyFromUtf8("data") } }, cancellation);
        await call.RequestStream.CompleteAsync();
        await ReadAsync(call.ResponseStream, cancellation);
    }

    private static async Task DecryptAsync(DaprApi dapr, Metadata token, DecryptRequestOptions options, CancellationToken cancellation)
    {
        using var call = dapr.DecryptAlpha1(token, cancellationToken: cancellation);
        await call.RequestStream.WriteAsync(new DecryptRequest { Options = options, Payload = new StreamPayload { Data = ByteString.CopyFromUtf8("no document") } }, cancellation);
        await call.RequestStream.CompleteAsync();
        await ReadAsync(call.ResponseStream, cancellation);
    }

    private static async Task SubscribeAsync(DaprApi dapr, Metadata token, string pubsub, string topic, CancellationToken cancellation)
    {
        using var call = dapr.SubscribeTopicEventsAlpha1(token, cancellationToken: cancellation);
        await call.RequestStream.WriteAsync(new SubscribeTopicEventsRequestAlpha1 { InitialRequest = new SubscribeTopicEventsRequestInitialAlpha1 { PubsubName = pubsub, Topic = topic } }, cancellation);
        await ReadAsync(call.ResponseStream, cancellation);
    }

    private static async Task ReadAsync<T>(IAsyncStreamReader<T> answers, CancellationToken cancellation)
    {
        while (await answers.MoveNext(cancellation))
        {
            // What came before the failure.
        }
    }
}
