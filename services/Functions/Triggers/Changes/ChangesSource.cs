using System.Diagnostics;
using System.Text.Json;
using EdgeMesh.Functions;
using EdgeMesh.Replication;
using EdgeMesh.Services.Functions.Deployments;
using EdgeMesh.Services.Functions.Running;
using EdgeMesh.Services.Functions.Triggers.Retries;

namespace EdgeMesh.Services.Functions.Triggers.Changes;

/// <summary>Calls one function for changes of documents that its filter lets through. What it gets names the document and its version, not
/// its content: that is sealed, and reading it is decided by its owner.</summary>
internal sealed class ChangesSource(string function, ChangesTrigger trigger, FunctionRetries retries, Func<string, KnownBundle?> choose, FunctionCalls calls)
    : TriggerSource(function, choose, calls)
{
    public override void Start()
    {
        // The journal's reader brings what there is.
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public bool Wants(Document document) =>
        trigger.Collections.Contains(document.Key.Collection) && (trigger.Labels.Count == 0 || trigger.Labels.Any(document.Labels.Contains));

    /// <summary>True: the change is done with, or parked. False: bring it again.</summary>
    /// <param name="document">What changed.</param>
    /// <param name="trace">What led to it; default: nobody knows.</param>
    /// <param name="cancellation">Ends the call.</param>
    public async Task<bool> TakeAsync(Document document, ActivityContext trace, CancellationToken cancellation)
    {
        var call = Call(document) with { Trace = trace };
        var result = await CallAsync(call, cancellation);
        return result switch
        {
            // It does not run here any more: nobody waits for the change.
            null or { Outcome: CallOutcome.Completed } => true,
            { IsDeferred: true } => false,
            _ => await retries.TryParkAsync(call, trigger.Retries, null, cancellation),
        };
    }

    private static TriggeredCall Call(Document document)
    {
        var change = new ChangeBody(document.Key.Collection, document.Key.Id, document.Version.ToString(), document.OwnerSite, [.. document.Labels], document.Deleted);
        var environment = new Dictionary<string, string> { ["EDGEMESH_DOCUMENT"] = document.Key.ToString(), ["EDGEMESH_DOCUMENT_VERSION"] = document.Version.ToString(), ["CONTENT_TYPE"] = "application/json" };
        return new TriggeredCall(TriggerNames.Changes, $"{document.Key}/{document.Version}", JsonSerializer.SerializeToUtf8Bytes(change, ChangesJson.Default.ChangeBody), environment);
    }
}

/// <summary>What a function gets on stdin for a change.</summary>
internal sealed record ChangeBody(string Collection, string Id, string Version, string Owner, IReadOnlyList<string> Labels, bool Deleted);

[System.Text.Json.Serialization.JsonSerializable(typeof(ChangeBody))]
[System.Text.Json.Serialization.JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
internal sealed partial class ChangesJson : System.Text.Json.Serialization.JsonSerializerContext;
