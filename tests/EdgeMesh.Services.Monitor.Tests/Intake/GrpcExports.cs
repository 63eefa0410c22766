using EdgeMesh.Services.Monitor.Intake.Protos;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace EdgeMesh.Services.Monitor.Tests.Intake;

/// <summary>Sends logs over gRPC, as any OTLP client does.</summary>
internal sealed class LogExport(Uri address, bool gzip = false)
{
    private static readonly Method<ExportLogsServiceRequest, ExportLogsServiceResponse> Export = new(
        MethodType.Unary, "opentelemetry.proto.collector.logs.v1.LogsService", "Export",
        Marshallers.Create(m => m.ToByteArray(), ExportLogsServiceRequest.Parser.ParseFrom), Marshallers.Create(m => m.ToByteArray(), ExportLogsServiceResponse.Parser.ParseFrom));

    public Task<ExportLogsServiceResponse> SendAsync(ExportLogsServiceRequest request) => GrpcCall.SendAsync(address, Export, request, gzip);
}

/// <summary>Sends traces over gRPC.</summary>
internal sealed class TraceExport(Uri address)
{
    private static readonly Method<ExportTraceServiceRequest, ExportTraceServiceResponse> Export = new(
        MethodType.Unary, "opentelemetry.proto.collector.trace.v1.TraceService", "Export",
        Marshallers.Create(m => m.ToByteArray(), ExportTraceServiceRequest.Parser.ParseFrom), Marshallers.Create(m => m.ToByteArray(), ExportTraceServiceResponse.Parser.ParseFrom));

    public Task<ExportTraceServiceResponse> SendAsync(ExportTraceServiceRequest request) => GrpcCall.SendAsync(address, Export, request, gzip: false);
}

/// <summary>One call on a channel of its own.</summary>
internal static class GrpcCall
{
    public static async Task<TAnswer> SendAsync<TRequest, TAnswer>(Uri address, Method<TRequest, TAnswer> method, TRequest request, bool gzip)
        where TRequest : class
        where TAnswer : class
    {
        using var channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = new SocketsHttpHandler { UseProxy = false }, MaxRetryAttempts = 1 });
        var headers = new Metadata();
        if (gzip)
        {
            headers.Add("grpc-internal-encoding-request", "gzip");
        }

        return await channel.CreateCallInvoker().AsyncUnaryCall(method, null, new CallOptions(headers, cancellationToken: TestContext.Current.CancellationToken), request);
    }
}
