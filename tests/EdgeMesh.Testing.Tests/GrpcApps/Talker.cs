using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace EdgeMesh.Testing.Tests.GrpcApps;

/// <summary>An app that speaks gRPC: Dapr's callbacks, and a service of its own.</summary>
internal static class Talker
{
    private static readonly Marshaller<StringValue> Marshaller = Marshallers.Create(m => m.ToByteArray(), StringValue.Parser.ParseFrom);

    public static readonly Method<StringValue, StringValue> Ask = new(MethodType.Unary, "tests.Talker", "Ask", Marshaller, Marshaller);
    public static readonly Method<StringValue, StringValue> Talk = new(MethodType.DuplexStreaming, "tests.Talker", "Talk", Marshaller, Marshaller);

    public static WebApplication Create(WebApplicationBuilder builder)
    {
        builder.Services.AddGrpc();
        builder.Services.AddSingleton<Heard>();
        builder.Services.AddSingleton<Health>();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<OwnService>, OwnMethods>());
        var app = builder.Build();
        app.MapGrpcService<Callbacks>();
        app.MapGrpcService<AlphaCallbacks>();
        app.MapGrpcService<HealthCallbacks>();
        app.MapGrpcService<OwnService>();
        return app;
    }

    /// <summary>What the test says of the app's health.</summary>
    internal sealed class Health
    {
        private volatile bool _isGood = true;

        public bool IsGood
        {
            get => _isGood;
            set => _isGood = value;
        }
    }

    internal sealed class Callbacks(Heard heard) : AppCallback.AppCallbackBase
    {
        public override Task<InvokeResponse> OnInvoke(InvokeRequest request, ServerCallContext context)
        {
            heard.Add($"invoked {request.Method} {request.Data.Value.ToStringUtf8()}");
            return request.Method == "nothing"
                ? throw new RpcException(new Status(StatusCode.NotFound, "no such thing here"))
                : Task.FromResult(new InvokeResponse { ContentType = "text/plain", Data = new Any { Value = ByteString.CopyFromUtf8("pong") } });
        }

        public override Task<ListTopicSubscriptionsResponse> ListTopicSubscriptions(Empty request, ServerCallContext context) =>
            Task.FromResult(new ListTopicSubscriptionsResponse { Subscriptions = { new TopicSubscription { PubsubName = "events", Topic = "news" } } });

        public override Task<TopicEventResponse> OnTopicEvent(TopicEventRequest request, ServerCallContext context)
        {
            heard.Add($"told {request.Data.ToStringUtf8()}");
            return Task.FromResult(new TopicEventResponse());
        }

        public override Task<ListInputBindingsResponse> ListInputBindings(Empty request, ServerCallContext context) =>
            Task.FromResult(new ListInputBindingsResponse { Bindings = { "hourly" } });

        public override Task<BindingEventResponse> OnBindingEvent(BindingEventRequest request, ServerCallContext context)
        {
            heard.Add($"rung by {request.Name}");
            return Task.FromResult(new BindingEventResponse());
        }
    }

    internal sealed class AlphaCallbacks(Heard heard) : AppCallbackAlpha.AppCallbackAlphaBase
    {
        [Obsolete("daprd 1.18 calls the alpha service")]
        public override Task<JobEventResponse> OnJobEventAlpha1(JobEventRequest request, ServerCallContext context)
        {
            heard.Add($"due {request.Name}");
            return Task.FromResult(new JobEventResponse());
        }
    }

    internal sealed class HealthCallbacks(Health health) : AppCallbackHealthCheck.AppCallbackHealthCheckBase
    {
        public override Task<HealthCheckResponse> HealthCheck(Empty request, ServerCallContext context) =>
            health.IsGood ? Task.FromResult(new HealthCheckResponse()) : throw new RpcException(new Status(StatusCode.Unavailable, "not now"));
    }

    internal sealed class OwnService;

    private sealed class OwnMethods(Heard heard) : IServiceMethodProvider<OwnService>
    {
        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<OwnService> context)
        {
            context.AddUnaryMethod<StringValue, StringValue>(Ask, [], (_, request, _) =>
            {
                heard.Add($"asked {request.Value}");
                return request.Value.Length > 0 ? Task.FromResult(request) : throw new RpcException(new Status(StatusCode.InvalidArgument, "say something"));
            });
            context.AddDuplexStreamingMethod<StringValue, StringValue>(Talk, [], async (_, requests, answers, call) =>
            {
                // It speaks first: whoever waits for the caller's first message waits for ever.
                await answers.WriteAsync(new StringValue { Value = "who is there?" }, call.CancellationToken);
                await foreach (var request in requests.ReadAllAsync(call.CancellationToken))
                {
                    await answers.WriteAsync(new StringValue { Value = $"hello {request.Value}" }, call.CancellationToken);
                }
            });
        }
    }
}
