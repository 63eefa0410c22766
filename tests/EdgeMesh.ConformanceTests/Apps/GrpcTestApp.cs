using System.Threading.Channels;
using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.ConformanceTests.Apps;

/// <summary>An app behind a sidecar that speaks gRPC: Dapr's callbacks, and a service of its own.</summary>
internal sealed class GrpcTestApp : IAsyncDisposable
{
    private readonly WebApplication _web;

    private GrpcTestApp(string appId, WebApplication web) => (AppId, _web) = (appId, web);

    public string AppId { get; }

    public Uri Url => new(_web.Urls.First());

    public Channel<TopicEventRequest> Events { get; } = Channel.CreateUnbounded<TopicEventRequest>();

    public static async Task<GrpcTestApp> StartAsync(string appId)
    {
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(k => k.ConfigureEndpointDefaults(l => l.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<Chat>, ChatMethods>());
        GrpcTestApp? app = null;
        builder.Services.AddSingleton(_ => new Callbacks(app!));
        var web = builder.Build();
        app = new GrpcTestApp(appId, web);
        web.MapGrpcService<Callbacks>();
        web.MapGrpcService<Chat>();
        await web.StartAsync();
        return app;
    }

    public async ValueTask DisposeAsync() => await _web.DisposeAsync();

    private sealed class Callbacks(GrpcTestApp app) : AppCallback.AppCallbackBase
    {
        public override Task<InvokeResponse> OnInvoke(InvokeRequest request, ServerCallContext context)
        {
            if (request.Method == "refuse")
            {
                throw new RpcException(new Status(System.Enum.Parse<StatusCode>(request.Data.Value.ToStringUtf8()), "refused by the app"));
            }

            var headers = context.RequestHeaders;
            var said = $"{request.HttpExtension?.Verb} {request.Method} {request.HttpExtension?.Querystring} {request.ContentType} {request.Data.Value.ToStringUtf8()} {headers.GetValue("x-custom")} {headers.GetValue("dapr-caller-app-id")} {headers.GetValue("dapr-api-token")}";
            return Task.FromResult(new InvokeResponse { ContentType = "text/x-grpc", Data = new Any { Value = ByteString.CopyFromUtf8(said) } });
        }

        public override Task<ListTopicSubscriptionsResponse> ListTopicSubscriptions(Empty request, ServerCallContext context) => Task.FromResult(new ListTopicSubscriptionsResponse
        {
            Subscriptions =
            {
                new TopicSubscription { PubsubName = "pubsub", Topic = "g-plain" },
                new TopicSubscription { PubsubName = "pubsub", Topic = "g-routed", Routes = new TopicRoutes { Default = "other", Rules = { new TopicRule { Match = "event.type == \"big\"", Path = "big" } } } },
                new TopicSubscription { PubsubName = "pubsub", Topic = "g-drop", DeadLetterTopic = "g-dead" },
                new TopicSubscription { PubsubName = "pubsub", Topic = "g-dead" },
            },
        });

        public override Task<TopicEventResponse> OnTopicEvent(TopicEventRequest request, ServerCallContext context)
        {
            app.Events.Writer.TryWrite(request);
            return Task.FromResult(new TopicEventResponse
            {
                Status = request.Topic == "g-drop" ? TopicEventResponse.Types.TopicEventResponseStatus.Drop : TopicEventResponse.Types.TopicEventResponseStatus.Success,
            });
        }

        public override Task<ListInputBindingsResponse> ListInputBindings(Empty request, ServerCallContext context) => Task.FromResult(new ListInputBindingsResponse());
    }

    /// <summary>A service that Dapr does not know.</summary>
    internal sealed class Chat
    {
        /// <summary>Asked, it answers every header that it got, and says headers and trailers of its own.</summary>
        public const string Everything = "everything";

        public static readonly Method<StringValue, StringValue> Talk = Of(MethodType.DuplexStreaming, nameof(Talk));
        public static readonly Method<StringValue, StringValue> Ask = Of(MethodType.Unary, nameof(Ask));

        private static Method<StringValue, StringValue> Of(MethodType type, string name)
        {
            var text = Marshallers.Create(value => value.ToByteArray(), StringValue.Parser.ParseFrom);
            return new Method<StringValue, StringValue>(type, "edgemesh.conformance.Chat", name, text, text);
        }
    }

    private sealed class ChatMethods : IServiceMethodProvider<Chat>
    {
        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<Chat> context)
        {
            context.AddUnaryMethod<StringValue, StringValue>(Chat.Ask, [], (_, request, call) => request.Value == Chat.Everything ? AllAsync(call) : request.Value.Length > 0
                ? Task.FromResult(Answer(request, call))
                : throw new RpcException(new Status(StatusCode.OutOfRange, "nothing asked"), new Metadata { { "x-trailer", "seen" } }));
            context.AddDuplexStreamingMethod<StringValue, StringValue>(Chat.Talk, [], async (_, requests, answers, call) =>
            {
                await foreach (var request in requests.ReadAllAsync(call.CancellationToken))
                {
                    await answers.WriteAsync(Answer(request, call), call.CancellationToken);
                }
            });
        }

        private static async Task<StringValue> AllAsync(ServerCallContext call)
        {
            await call.WriteResponseHeadersAsync(new Metadata { { "x-answered", "early" }, { "x-answered-bin", new byte[] { 1, 0, 255 } } });
            call.ResponseTrailers.Add("x-trailed", "late");
            return new StringValue { Value = string.Join('\n', call.RequestHeaders.Select(h => $"{h.Key}={(h.IsBinary ? Convert.ToHexString(h.ValueBytes) : h.Value)}")) };
        }

        private static StringValue Answer(StringValue request, ServerCallContext call) =>
            new() { Value = $"{request.Value} {call.RequestHeaders.GetValue("dapr-caller-app-id")} {call.RequestHeaders.GetValue("dapr-callee-app-id")} {call.RequestHeaders.GetValue("dapr-api-token")}" };
    }
}
