using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Jobs;
using Google.Protobuf;
using Grpc.AspNetCore.Server;
using Grpc.Core;

namespace EdgeMesh.Testing;

/// <summary>What a sidecar's requests to a gRPC app are: Dapr's callbacks, and calls of the app's own services.</summary>
internal static class GrpcCalls
{
    /// <summary>Before the names of all three services: AppCallback, AppCallbackHealthCheck, AppCallbackAlpha.</summary>
    private const string Callbacks = "/dapr.proto.runtime.v1.AppCallback";
    private const string MediaType = "application/grpc";
    private const string StatusHeader = "grpc-status";

    /// <summary>A byte that says whether the message is compressed, and four with its length.</summary>
    private const int FrameSize = 5;

    /// <summary>How many messages go either way; null: it is no gRPC. Of a method that the app's endpoints don't name nothing is known, so it
    /// may stream.</summary>
    public static MethodType? MethodOf(HttpRequestMessage request, HostedApp app)
    {
        if (request.Content?.Headers.ContentType?.MediaType?.StartsWith(MediaType, StringComparison.OrdinalIgnoreCase) != true)
        {
            return null;
        }

        var path = request.RequestUri!.AbsolutePath;
        return path.StartsWith(Callbacks, StringComparison.Ordinal) ? MethodType.Unary
            : app.Endpoints?.Endpoints.Select(e => e.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method).FirstOrDefault(m => m?.FullName == path)?.Type ?? MethodType.DuplexStreaming;
    }

    /// <summary>Null: the sidecar asks something for itself.</summary>
    /// <param name="appId">The app.</param>
    /// <param name="request">The request.</param>
    /// <param name="body">Empty: the caller streams.</param>
    public static DaprCall? See(string appId, HttpRequestMessage request, byte[] body)
    {
        var path = request.RequestUri!.AbsolutePath;
        var from = request.Headers.TryGetValues("dapr-caller-app-id", out var caller) ? caller.First() : "";
        var message = Message(body);
        return path.StartsWith(Callbacks, StringComparison.Ordinal) ? Callback(appId, from, path[(path.LastIndexOf('/') + 1)..], message) : new DaprCall(CallKind.Invocation, from, appId, path, message);
    }

    private static DaprCall? Callback(string appId, string from, string method, ReadOnlyMemory<byte> message)
    {
        switch (method)
        {
            case "OnInvoke":
                var invoked = Parse(InvokeRequest.Parser, message);
                return new DaprCall(CallKind.Invocation, from, appId, $"{Verb(invoked)} /{invoked.Method}", invoked.Data?.Value.Memory ?? default);
            case "OnTopicEvent":
                var told = Parse(TopicEventRequest.Parser, message);
                return new DaprCall(CallKind.Delivery, told.PubsubName, appId, told.Topic, told.Data.Memory);
            case "OnBulkTopicEventAlpha1":
                var bulk = Parse(TopicEventBulkRequest.Parser, message);
                return new DaprCall(CallKind.Delivery, bulk.PubsubName, appId, bulk.Topic, message);
            case "OnBindingEvent":
                var happened = Parse(BindingEventRequest.Parser, message);
                return new DaprCall(CallKind.BindingEvent, happened.Name, appId, happened.Name, happened.Data.Memory);
            case "OnJobEventAlpha1":
                var due = Parse(JobEventRequest.Parser, message);
                return new DaprCall(CallKind.JobTrigger, ComponentCall.Scheduler, appId, due.Name, JobData.Body(new Job { Data = due.Data }));
            default:
                return null;
        }
    }

    private static string Verb(InvokeRequest request) => (request.HttpExtension?.Verb ?? HTTPExtension.Types.Verb.Post).ToString().ToUpperInvariant();

    private static T Parse<T>(MessageParser<T> parser, ReadOnlyMemory<byte> message)
        where T : IMessage<T> => parser.ParseFrom(message.Span);

    private static ReadOnlyMemory<byte> Message(byte[] body) =>
        body.Length < FrameSize ? default : body.AsMemory(FrameSize, Math.Min(BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(1)), body.Length - FrameSize));

    /// <summary>As HTTP would say it; of a stream that goes on, as it began.</summary>
    public static int StatusOf(HttpResponseMessage answer) =>
        (answer.TrailingHeaders.TryGetValues(StatusHeader, out var said) || answer.Headers.TryGetValues(StatusHeader, out said)) && int.TryParse(said.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var status)
            ? (int)GrpcInvocation.ToHttp((StatusCode)status)
            : (int)answer.StatusCode;

    /// <summary>An answer in the app's place: an empty message, or a stream that ends at once.</summary>
    public static HttpResponseMessage Done(HttpRequestMessage request, MethodType method)
    {
        var isOneMessage = method is MethodType.Unary or MethodType.ClientStreaming;
        var answer = new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = request, Version = request.Version, Content = new ByteArrayContent(new byte[isOneMessage ? FrameSize : 0]) };
        answer.Content.Headers.ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue(MediaType);
        answer.TrailingHeaders.Add(StatusHeader, "0");
        return answer;
    }
}
