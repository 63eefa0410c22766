using System.Diagnostics.Metrics;
using EdgeMesh.Sidecar.Apps;

namespace EdgeMesh.Sidecar.Metrics;

/// <summary>Faults that were answered, by their code; only where the configuration asks for it.</summary>
internal static class ErrorMetrics
{
    private static readonly Counter<long> Errors = SidecarMetrics.Meter.CreateCounter<long>("dapr_error_code_total", "{error}", "Answers that were faults, by code.");

    /// <summary>By how codes begin, daprd's names for what they are about.</summary>
    private static readonly (string Start, string Category)[] Categories =
    [
        ("ERR_STATE", "state"), ("ERR_PUBSUB", "pubsub"), ("ERR_TOPIC", "pubsub"), ("ERR_PUBLISH", "pubsub"), ("ERR_SECRET", "secret"), ("ERR_PERMISSION", "secret"), ("ERR_ACTOR", "actor"),
        ("ERR_INVOKE_OUTPUT", "binding"), ("ERR_DIRECT_INVOKE", "service-invocation"), ("ERR_CRYPTO", "crypto"), ("ERR_CONFIGURATION", "configuration"), ("ERR_LOCK", "lock"),
        ("ERR_TRY_LOCK", "lock"), ("ERR_UNLOCK", "lock"), ("ERR_HEALTH", "health"), ("DAPR_SCHEDULER", "job"),
    ];

    public static void Answered(AppRuntime app, string code)
    {
        if (Errors.Enabled && app.Configuration.Metrics.CountsErrorCodes)
        {
            var category = Array.Find(Categories, c => code.StartsWith(c.Start, StringComparison.Ordinal)).Category ?? "common";
            Errors.Add(1, new("app_id", app.AppId), new("category", category), new("error_code", code));
        }
    }
}
