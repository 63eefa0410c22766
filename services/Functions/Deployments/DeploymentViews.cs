using System.Text.Json;
using System.Text.Json.Serialization;
using EdgeMesh.Functions;
using EdgeMesh.Services.Functions.Running;

namespace EdgeMesh.Services.Functions.Deployments;

/// <summary>A function as <c>function list</c> shows it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">The version that calls at this site go to; null: it does not run here.</param>
/// <param name="Generation">The deployment that is obeyed.</param>
/// <param name="Deployed">The version that the deployment names; null: it is removed, or its bundle is not here yet.</param>
/// <param name="Signer">Who signed the deployment.</param>
/// <param name="Triggers">What calls it.</param>
/// <param name="Sites">How far each site is.</param>
/// <param name="Usage">What it cost at this site since it was first called.</param>
/// <param name="Missing">What could not be read, and why; null: all is there.</param>
internal sealed record FunctionView(
    string Name, string? Version, long Generation, string? Deployed, string Signer, IReadOnlyList<string> Triggers, IReadOnlyDictionary<string, SiteView> Sites, FunctionUsage Usage,
    string? Missing);

/// <summary>How far a site is.</summary>
/// <param name="WaitsFor">Where it waits for others, those that have not proven the candidate, and why.</param>
internal sealed record SiteView(
    RolloutPhase Phase, long Generation, string? Version, DateTimeOffset Since, string Reason, bool Held, bool Paused, IReadOnlyDictionary<string, string> WaitsFor);

/// <summary>A version that can be rolled back to.</summary>
internal sealed record VersionView(string Version, string Bundle, string Signer);

/// <summary>A function with its versions.</summary>
internal sealed record FunctionDetail(FunctionView Function, IReadOnlyList<VersionView> Versions);

[JsonSerializable(typeof(FunctionView[]))]
[JsonSerializable(typeof(FunctionDetail))]
[JsonSerializable(typeof(IReadOnlyList<CallRecord>))]
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true)]
internal sealed partial class ViewsJson : JsonSerializerContext;
