using System.Threading.Channels;
using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
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
        GrpcApp? app = null;
        builder.Services.AddSingleton(_ => new Callbacks(app!, subscriptions));
        var web = builder.Build();
        app = new GrpcApp(web);
        web.MapGrpcService<Callbacks>();
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
}
