namespace EdgeMesh.Services.Monitor.Intake;

/// <summary>Where OTLP's requests go.</summary>
internal static class OtlpPaths
{
    public const string Logs = "/v1/logs";
    public const string Traces = "/v1/traces";
    public const string Metrics = "/v1/metrics";
    private const string Grpc = "/opentelemetry.proto.collector.";

    public static bool IsGrpc(PathString path) => path.Value!.StartsWith(Grpc, StringComparison.Ordinal);

    public static bool IsOne(PathString path) => path.Value is Logs or Traces or Metrics || IsGrpc(path);
}
