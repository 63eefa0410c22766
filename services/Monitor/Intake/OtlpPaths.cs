namespace EdgeMesh.Services.Monitor.Intake;

/// <summary>Where OTLP's requests go.</summary>
internal static class OtlpPaths
{
    public const string Logs = Http + "logs";
    public const string Traces = Http + "traces";
    public const string Metrics = Http + "metrics";
    private const string Http = "/v1/";
    private const string Grpc = "/opentelemetry.proto.collector.";

    public static bool IsGrpc(PathString path) => path.Value!.StartsWith(Grpc, StringComparison.Ordinal);

    /// <summary><c>logs</c>, <c>traces</c> or <c>metrics</c>: as in <c>/v1/logs</c>, and in <c>/opentelemetry.proto.collector.logs.v1.LogsService/Export</c>;
    /// of what is none of them, <c>other</c>.</summary>
    public static string Signal(PathString path) => path.Value! switch
    {
        Logs => "logs",
        Traces => "traces",
        Metrics => "metrics",
        var grpc when grpc.StartsWith(Grpc + "logs.", StringComparison.Ordinal) => "logs",
        var grpc when grpc.StartsWith(Grpc + "trace.", StringComparison.Ordinal) => "traces",
        var grpc when grpc.StartsWith(Grpc + "metrics.", StringComparison.Ordinal) => "metrics",
        _ => "other",
    };

    public static bool IsOne(PathString path) => path.Value is Logs or Traces or Metrics || IsGrpc(path);
}
