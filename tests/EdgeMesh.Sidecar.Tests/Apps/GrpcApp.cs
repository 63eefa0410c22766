using System.Threading.Channels;
using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Grpc;
using Google.Protobuf.WellKnownTypes;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Tests.Apps;

/// <summary>An app that speaks gRPC: serves Dapr's callbacks, answers invocations with what it saw, and records its events.</summary>
internal sealed class GrpcApp : IAsyncDisposable
{
    private readonly WebApplication _web;

    private GrpcApp(WebApplication web) => _web = web;

    public Uri Url => new(_web.Urls.First());

    public Channel<TopicEventRequest> Events { get; } = Channel.CreateUnbounded<TopicEventRequest>();

    public static async Task<GrpcApp> StartAsync(params TopicSubscription[] subscriptions)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(k => k.ConfigureEndpointDefaults(l => l.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<Chat>, ChatMethods>());
        GrpcApp? app = null;
        builder.Services.AddSingleton(_ => new Callbacks(app!, subscriptions));
        var web = builder.Build();
        app = new GrpcApp(web);
        web.MapGrpcService<Callbacks>();
        web.MapGrpcService<Chat>();
        await web.StartAsync();
        return app;
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();

    internal sealed class Callbacks(GrpcApp app, TopicSubscription[] subscriptions) : AppCallback.AppCallbackBase
    {
        public override Task<InvokeResponse> OnInvoke(InvokeRequest request, ServerCallContext context)
        {
            if (request.Method == "refuse")
            {
                throw new RpcException(new Status(StatusCode.NotFound, "no such thing here"));
            }

            var said = $"{request.HttpExtension.Verb} {request.Method}?{request.HttpExtension.Querystring} {request.ContentType} {request.Data.Value.ToStringUtf8()} "
                + $"{context.RequestHeaders.GetValue("dapr-caller-app-id")} {context.RequestHeaders.GetValue("dapr-api-token")}";
            return Task.FromResult(new InvokeResponse { ContentType = "text/x-grpc", Data = new Any { Value = Google.Protobuf.ByteString.CopyFromUtf8(said) } });
        }

        public override Task<ListTopicSubscriptionsResponse> ListTopicSubscriptions(Empty request, ServerCallContext context) =>
            Task.FromResult(new ListTopicSubscriptionsResponse { Subscriptions = { subscriptions } });

        public override Task<TopicEventResponse> OnTopicEvent(TopicEventRequest request, ServerCallContext context)
        {
            app.Events.Writer.TryWrite(request);
            return Task.FromResult(new TopicEventResponse());
        }
    }

    /// <summary>The app's own service, which Dapr does not know: answers each text with who asked.</summary>
    internal sealed class Chat
    {
        public static readonly Method<StringValue, StringValue> Talk = ProtoMethod.Of<StringValue, StringValue>(MethodType.DuplexStreaming, "edgemesh.tests.Chat", "Talk");
        public static readonly Method<StringValue, StringValue> Ask = ProtoMethod.Of<StringValue, StringValue>(MethodType.Unary, "edgemesh.tests.Chat", "Ask");
    }

    private sealed class ChatMethods : IServiceMethodProvider<Chat>
    {
        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<Chat> context)
        {
            context.AddUnaryMethod<StringValue, StringValue>(Chat.Ask, [], (_, request, call) => request.Value.Length > 0
                ? Task.FromResult(Answer(request, call))
                : throw new RpcException(new Status(StatusCode.OutOfRange, "nothing: asked"), new Metadata { { "x-trailer", "seen" } }));
            context.AddDuplexStreamingMethod<StringValue, StringValue>(Chat.Talk, [], async (_, requests, answers, call) =>
            {
                await foreach (var request in requests.ReadAllAsync(call.CancellationToken))
                {
                    await answers.WriteAsync(Answer(request, call), call.CancellationToken);
                }
            });
        }

        private static StringValue Answer(StringValue request, ServerCallContext call) =>
            new() { Value = $"{request.Value} {call.RequestHeaders.GetValue("dapr-caller-app-id")} {call.RequestHeaders.GetValue("dapr-api-token")} {call.RequestHeaders.GetValue("x-own")}" };
    }
}
