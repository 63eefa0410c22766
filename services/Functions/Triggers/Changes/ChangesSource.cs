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
    private readonly RetryPlan _plan = new(trigger.Retries, null);

    public ChangesTrigger Trigger => trigger;

    public bool Wants(Document document) =>
        trigger.Collections.Contains(document.Key.Collection) && (trigger.Labels.Count == 0 || trigger.Labels.Any(document.Labels.Contains));

    /// <summary>True: the change is done with, or parked. False: bring it again.</summary>
    /// <param name="document">What changed.</param>
    /// <param name="trace">What led to it; default: nobody knows.</param>
    /// <param name="isShared">Whether others want changes too.</param>
    /// <param name="cancellation">Ends it before its call is begun.</param>
    public Task<bool> TakeAsync(Document document, ActivityContext trace, bool isShared, CancellationToken cancellation)
    {
        var call = Call(document) with { Trace = trace };
        return retries.TakeAsync(call, _plan, () => CallAsync(call, cancellation), isShared, cancellation);
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
