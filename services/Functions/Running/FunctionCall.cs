using System.Diagnostics;
using EdgeMesh.Functions;
using EdgeMesh.Services.Functions.Deployments;

namespace EdgeMesh.Services.Functions.Running;

/// <summary>What calls a function, under the names of OpenTelemetry's <c>faas.trigger</c>.</summary>
internal static class TriggerNames
{
    public const string Http = "http";
    public const string Topic = "pubsub";
    public const string Schedule = "timer";
    public const string Changes = "datasource";
    public const string Other = "other";
}

/// <summary>One call that is to be made.</summary>
/// <param name="Bundle">Which version of which function.</param>
/// <param name="Trigger">One of <see cref="TriggerNames"/>.</param>
/// <param name="IdempotencyKey">The same for every attempt at the same thing.</param>
/// <param name="Data">For stdin.</param>
internal sealed record FunctionCall(KnownBundle Bundle, string Trigger, string IdempotencyKey, ReadOnlyMemory<byte> Data)
{
    /// <summary>Arguments after the function's name.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>For the environment, beside what every call has.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The gateway's word on who calls, for what the function invokes in the caller's name; the function never sees it. Null: nobody.</summary>
    public string? CallerToken { get; init; }

    /// <summary>What led to the call; default: what runs just now.</summary>
    public ActivityContext Trace { get; init; }

    /// <summary>What else led to it, where that is several things.</summary>
    public IReadOnlyList<ActivityContext> Links { get; init; } = [];

    public FunctionManifest Manifest => Bundle.Manifest;
}

/// <summary>A call that was made, as <c>function logs</c> shows it.</summary>
/// <param name="At">When it began.</param>
/// <param name="Id">Its own id.</param>
/// <param name="TraceId">The trace that it belongs to; empty without tracing.</param>
/// <param name="Version">The function's version.</param>
/// <param name="Trigger">What called it.</param>
/// <param name="IdempotencyKey">Of the thing that it was called for.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Detail">Why it did not complete.</param>
/// <param name="IsCold">Whether its module had to be loaded.</param>
/// <param name="Milliseconds">From the first instruction to the last.</param>
/// <param name="Log">What it wrote to stderr.</param>
internal sealed record CallRecord(
    DateTimeOffset At, string Id, string TraceId, string Version, string Trigger, string IdempotencyKey, CallOutcome Outcome, string? Detail, bool IsCold, double Milliseconds, string Log);
