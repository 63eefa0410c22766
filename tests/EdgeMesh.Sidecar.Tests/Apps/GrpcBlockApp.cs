using System.Threading.Channels;
using Dapr.AppCallback.Autogen.Grpc.v1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Answer = Dapr.AppCallback.Autogen.Grpc.v1.TopicEventResponse.Types.TopicEventResponseStatus;

namespace EdgeMesh.Sidecar.Tests.Apps;

/// <summary>An app that speaks gRPC and takes bindings, jobs and messages in bulk; it records what comes.</summary>
internal sealed class GrpcBlockApp : IAsyncDisposable
{
    private readonly WebApplication _web;

    private GrpcBlockApp(WebApplication web) => _web = web;

    public Uri Url => new(_web.Urls.First());

    public Channel<BindingEventRequest> Bindings { get; } = Channel.CreateUnbounded<BindingEventRequest>();

    public Channel<JobEventRequest> Jobs { get; } = Channel.CreateUnbounded<JobEventRequest>();

    public Channel<TopicEventBulkRequest> Messages { get; } = Channel.CreateUnbounded<TopicEventBulkRequest>();

    public static async Task<GrpcBlockApp> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(k => k.ConfigureEndpointDefaults(l => l.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        GrpcBlockApp? app = null;
        builder.Services.AddSingleton(_ => new Callbacks(app!));
        builder.Services.AddSingleton(_ => new AlphaCallbacks(app!));
        var web = builder.Build();
        app = new GrpcBlockApp(web);
        web.MapGrpcService<Callbacks>();
        web.MapGrpcService<AlphaCallbacks>();
        await web.StartAsync();
        return app;
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();

    internal sealed class Callbacks(GrpcBlockApp app) : AppCallback.AppCallbackBase
    {
        public override Task<ListTopicSubscriptionsResponse> ListTopicSubscriptions(Empty request, ServerCallContext context) => Task.FromResult(new ListTopicSubscriptionsResponse
        {
            Subscriptions =
            {
                new TopicSubscription
                {
                    PubsubName = "pubsub", Topic = "bulk", DeadLetterTopic = "dead", Routes = new TopicRoutes { Default = "/bulk" },
                    BulkSubscribe = new BulkSubscribeConfig { Enabled = true, MaxMessagesCount = 2, MaxAwaitDurationMs = 60_000 },
                },
                new TopicSubscription
                {
                    PubsubName = "pubsub", Topic = "dead", Routes = new TopicRoutes { Default = "/dead" },
                    BulkSubscribe = new BulkSubscribeConfig { Enabled = true, MaxMessagesCount = 1 },
                },
            },
        });

        public override Task<ListInputBindingsResponse> ListInputBindings(Empty request, ServerCallContext context) => Task.FromResult(new ListInputBindingsResponse { Bindings = { "wanted" } });

        public override Task<BindingEventResponse> OnBindingEvent(BindingEventRequest request, ServerCallContext context)
        {
            app.Bindings.Writer.TryWrite(request);
            return Task.FromResult(new BindingEventResponse { To = { "files" }, Data = ByteString.CopyFromUtf8("{\"from\":\"the app\"}") });
        }
    }

    internal sealed class AlphaCallbacks(GrpcBlockApp app) : AppCallbackAlpha.AppCallbackAlphaBase
    {
        [Obsolete("daprd 1.18 calls the alpha service")]
        public override Task<JobEventResponse> OnJobEventAlpha1(JobEventRequest request, ServerCallContext context)
        {
            app.Jobs.Writer.TryWrite(request);
            return Task.FromResult(new JobEventResponse());
        }

        /// <summary>Takes all but those whose data is "unwanted".</summary>
        [Obsolete("daprd 1.18 calls the alpha service")]
        public override Task<TopicEventBulkResponse> OnBulkTopicEventAlpha1(TopicEventBulkRequest request, ServerCallContext context)
        {
            app.Messages.Writer.TryWrite(request);
            return Task.FromResult(new TopicEventBulkResponse
            {
                Statuses =
                {
                    request.Entries.Select(e => new TopicEventBulkResponseEntry
                    {
                        EntryId = e.EntryId,
                        Status = request.Topic == "bulk" && e.CloudEvent.Data.ToStringUtf8() == "unwanted" ? Answer.Drop : Answer.Success,
                    }),
                },
            });
        }
    }
}
