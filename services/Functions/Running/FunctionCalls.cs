using System.Diagnostics;
using System.Text;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Replication;

namespace EdgeMesh.Services.Functions.Running;

/// <summary>Makes calls: loads the module, runs it in the sandbox with what the manifest grants, and records what came of it.</summary>
internal sealed partial class FunctionCalls(
    LoadedFunctions loaded, HostServices host, UsageTotals usage, TimeProvider clock, FunctionsOptions options, ILogger<FunctionCalls> logger)
    : IDisposable
{
    // In one process there are several services: a call that no request led to has its service's name from here, in the words of the house's exporter.
    private readonly ActivitySource _spans = new(FunctionMetrics.Name, version: null, [new("edgemesh.site", host.Identity.Site), new("edgemesh.service", FunctionsApp.AppId)]);

    private const long LoggedBytes = 16 * 1024 * 1024;

    /// <summary>The last calls.</summary>
    public CallLog Log { get; } = new(options.LoggedCalls, LoggedBytes);

    /// <summary>The cost.</summary>
    public UsageTotals Usage => usage;

    /// <summary>Told of every call that was made.</summary>
    public event Action<FunctionCall, CallResult>? Called;

    /// <summary>Makes a call. However the function behaves, and also when its module is not here, that is a result.</summary>
    public async Task<CallResult> CallAsync(FunctionCall call, CancellationToken cancellation)
    {
        var manifest = call.Manifest;
        using var span = _spans.StartActivity($"{call.Trigger} {manifest.Name}", ActivityKind.Server, call.Trace, links: call.Links.Select(l => new ActivityLink(l)));
        var (at, id) = (clock.GetUtcNow(), Guid.NewGuid().ToString("N"));
        var (result, coldStart) = await RunAsync(call, id, cancellation);
        if (span is not null)
        {
            Describe(span, call, id, result, coldStart);
        }

        var trace = Activity.Current?.TraceId.ToString() ?? "";
        var log = Encoding.UTF8.GetString(result.Log.Span) + (result.Usage.LogBytesDropped > 0 ? $"\n({result.Usage.LogBytesDropped} bytes more were not kept: see limits.log)" : "");
        Log.Add(manifest.Name, new CallRecord(
            at, id, trace, manifest.Version, call.Trigger, call.IdempotencyKey, result.Outcome, result.Detail, coldStart is not null, Math.Round(result.Usage.Ran.TotalMilliseconds, 3), log));
        Usage.Add(call, result, coldStart is not null);
        host.Metrics.Called(call, result, coldStart);
        if (result.Outcome != CallOutcome.Completed)
        {
            LogFailed(logger, manifest.Name, manifest.Version, call.Trigger, result.Outcome, result.Detail, id, trace);
        }
        else
        {
            LogCalled(logger, manifest.Name, manifest.Version, call.Trigger, result.Usage.Ran.TotalMilliseconds, id, trace);
        }

        Called?.Invoke(call, result);
        return result;
    }

    public void Dispose() => _spans.Dispose();

    /// <summary>The result, and how long loading the module took; null: it was loaded already, or can't be.</summary>
    private async Task<(CallResult Result, TimeSpan? ColdStart)> RunAsync(FunctionCall call, string id, CancellationToken cancellation)
    {
        LoadedFunctions.Lease lease;
        try
        {
            lease = await loaded.UseAsync(call.Bundle, cancellation);
        }
        catch (InvalidDataException error)
        {
            return (CallResult.NotStarted(CallOutcome.NotLoaded, error.Message), null);
        }
        catch (JournalUnavailableException error)
        {
            return (CallResult.NotStarted(CallOutcome.Unavailable, $"The module of {call.Manifest.Name} {call.Manifest.Version} can't be read now: {error.Message}"), null);
        }

        using (lease)
        {
            TimeSpan? coldStart = lease.IsCold ? lease.Loaded : null;
            try
            {
                return (await lease.Function.CallAsync(Input(call, id), cancellation), coldStart);
            }
            catch (Exception error)
            {
                // Without a result whatever brought the call would bring it for ever, and nobody would count it.
                LogHostFailed(logger, call.Manifest.Name, call.Manifest.Version, id, error);
                return (CallResult.NotStarted(CallOutcome.HostFailed, "the site failed while it worked for the function; the site's log says why"), coldStart);
            }
        }
    }

    private CallInput Input(FunctionCall call, string id)
    {
        var manifest = call.Manifest;
        var environment = new Dictionary<string, string>(call.Environment, StringComparer.Ordinal)
        {
            ["EDGEMESH_FUNCTION"] = manifest.Name,
            ["EDGEMESH_VERSION"] = manifest.Version,
            ["EDGEMESH_SITE"] = host.Identity.Site,
            ["EDGEMESH_TRIGGER"] = call.Trigger,
            ["EDGEMESH_CALL_ID"] = id,
            ["EDGEMESH_IDEMPOTENCY_KEY"] = call.IdempotencyKey,
        };
        if (Activity.Current?.Id is { } trace)
        {
            environment["TRACEPARENT"] = trace;
        }

        return new CallInput
        {
            Data = call.Data,
            Arguments = [manifest.Name, .. call.Arguments],
            Environment = environment,
            Limits = manifest.Limits,
            PreciseClock = manifest.Permissions.PreciseClock,
            Host = new DaprFunctionHost(call, host),
        };
    }

    private static void Describe(Activity span, FunctionCall call, string id, CallResult result, TimeSpan? coldStart)
    {
        span.SetTag("faas.name", call.Manifest.Name).SetTag("faas.version", call.Manifest.Version).SetTag("faas.trigger", call.Trigger)
            .SetTag("faas.invocation_id", id).SetTag("faas.coldstart", coldStart is not null).SetTag("faas.init_duration", coldStart.GetValueOrDefault().TotalSeconds)
            .SetTag("edgemesh.function.outcome", result.Outcome.ToString()).SetTag("edgemesh.function.fuel", result.Usage.Fuel);
        if (result.Outcome != CallOutcome.Completed)
        {
            span.SetStatus(ActivityStatusCode.Error, result.Detail).SetTag("error.type", result.Outcome.ToString());
        }
    }

    [LoggerMessage(LogLevel.Debug, "Function {Function} {Version} ({Trigger}) completed in {Milliseconds} ms; call {Call}, trace {Trace}")]
    private static partial void LogCalled(ILogger logger, string function, string version, string trigger, double milliseconds, string call, string trace);

    [LoggerMessage(LogLevel.Error, "The site failed while it worked for function {Function} {Version}; call {Call}")]
    private static partial void LogHostFailed(ILogger logger, string function, string version, string call, Exception error);

    [LoggerMessage(LogLevel.Warning, "Function {Function} {Version} ({Trigger}) ended as {Outcome}: {Reason}; call {Call}, trace {Trace}")]
    private static partial void LogFailed(ILogger logger, string function, string version, string trigger, CallOutcome outcome, string? reason, string call, string trace);
}
