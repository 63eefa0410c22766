using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Grpc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace EdgeMesh.Sidecar.Apps;

/// <summary>What an app that speaks gRPC may serve for its sidecar: <c>AppCallback</c>, <c>AppCallbackHealthCheck</c>, <c>AppCallbackAlpha</c>.
/// Every call throws <see cref="RpcException"/>; an app that does not serve one answers Unimplemented.</summary>
internal sealed class AppCallbacks(CallInvoker invoker)
{
    /// <summary>Before the methods that ask how the app is.</summary>
    public const string HealthPath = $"/{HealthService}/";

    private const string Service = "dapr.proto.runtime.v1.AppCallback";
    private const string HealthService = "dapr.proto.runtime.v1.AppCallbackHealthCheck";
    private const string AlphaService = "dapr.proto.runtime.v1.AppCallbackAlpha";

    private static readonly Method<InvokeRequest, InvokeResponse> Invoke = Unary<InvokeRequest, InvokeResponse>(Service, "OnInvoke");
    private static readonly Method<Empty, ListTopicSubscriptionsResponse> ListTopics = Unary<Empty, ListTopicSubscriptionsResponse>(Service, "ListTopicSubscriptions");
    private static readonly Method<TopicEventRequest, TopicEventResponse> Topic = Unary<TopicEventRequest, TopicEventResponse>(Service, "OnTopicEvent");
    private static readonly Method<Empty, ListInputBindingsResponse> ListBindings = Unary<Empty, ListInputBindingsResponse>(Service, "ListInputBindings");
    private static readonly Method<BindingEventRequest, BindingEventResponse> Binding = Unary<BindingEventRequest, BindingEventResponse>(Service, "OnBindingEvent");
    private static readonly Method<Empty, HealthCheckResponse> Health = Unary<Empty, HealthCheckResponse>(HealthService, "HealthCheck");
    private static readonly Method<TopicEventBulkRequest, TopicEventBulkResponse> BulkTopic = Unary<TopicEventBulkRequest, TopicEventBulkResponse>(AlphaService, "OnBulkTopicEventAlpha1");
    private static readonly Method<JobEventRequest, JobEventResponse> Job = Unary<JobEventRequest, JobEventResponse>(AlphaService, "OnJobEventAlpha1");

    public AsyncUnaryCall<InvokeResponse> OnInvoke(InvokeRequest request, Metadata headers, CancellationToken cancellation) => Call(Invoke, request, headers, null, cancellation);

    public AsyncUnaryCall<ListTopicSubscriptionsResponse> ListTopicSubscriptions(CancellationToken cancellation) => Call(ListTopics, new Empty(), [], null, cancellation);

    public AsyncUnaryCall<TopicEventResponse> OnTopicEvent(TopicEventRequest request, Metadata headers, DateTime deadline, CancellationToken cancellation) =>
        Call(Topic, request, headers, deadline, cancellation);

    public AsyncUnaryCall<TopicEventBulkResponse> OnBulkTopicEvent(TopicEventBulkRequest request, Metadata headers, DateTime deadline, CancellationToken cancellation) =>
        Call(BulkTopic, request, headers, deadline, cancellation);

    public AsyncUnaryCall<ListInputBindingsResponse> ListInputBindings(CancellationToken cancellation) => Call(ListBindings, new Empty(), [], null, cancellation);

    public AsyncUnaryCall<BindingEventResponse> OnBindingEvent(BindingEventRequest request, Metadata headers, DateTime deadline, CancellationToken cancellation) =>
        Call(Binding, request, headers, deadline, cancellation);

    public AsyncUnaryCall<JobEventResponse> OnJobEvent(JobEventRequest request, DateTime deadline, CancellationToken cancellation) => Call(Job, request, [], deadline, cancellation);

    public AsyncUnaryCall<HealthCheckResponse> HealthCheck(CancellationToken cancellation) => Call(Health, new Empty(), [], null, cancellation);

    private AsyncUnaryCall<TResponse> Call<TRequest, TResponse>(Method<TRequest, TResponse> method, TRequest request, Metadata headers, DateTime? deadline, CancellationToken cancellation)
        where TRequest : class
        where TResponse : class =>
        invoker.AsyncUnaryCall(method, null, new CallOptions(headers, deadline, cancellation), request);

    private static Method<TRequest, TResponse> Unary<TRequest, TResponse>(string service, string name)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        ProtoMethod.Of<TRequest, TResponse>(MethodType.Unary, service, name);
}
