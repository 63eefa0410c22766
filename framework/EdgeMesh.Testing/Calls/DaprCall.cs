using System.Text;
using System.Text.Json;

namespace EdgeMesh.Testing;

/// <summary>Something that passed through a <see cref="DaprTestHost"/>.</summary>
/// <param name="Kind">What happened; it says what the other values are.</param>
/// <param name="From">Who caused it: an app; of what comes to an app by itself the component (pub/sub, binding), or <c>scheduler</c> for jobs.
/// Empty: an actor's timer or reminder.</param>
/// <param name="To">The app, component or server outside that was called; <c>scheduler</c> for jobs.</param>
/// <param name="Name">A topic; a key or a lock, without its prefix; an operation of a binding; a binding; a secret, a job, a key that
/// encrypts; <c>POST /path</c> of an invocation, <c>/package.Service/Method</c> of one by gRPC; <c>type/id/method/name</c> of an actor's call.
/// Empty where all are read at once (secrets, configuration, jobs).</param>
/// <param name="Data">The body, the value, or the message, as it was sent: of a published message the CloudEvent, and so of one delivered to an
/// HTTP app; of one delivered to a gRPC app its data (in bulk, the <c>TopicEventBulkRequest</c>). Of a call of an app's own gRPC service the
/// protobuf message, as its client wrote it (compressed, if that compresses), and empty when the caller streams. Of a lock its owner. Empty where
/// nothing is handed over.</param>
public sealed record DaprCall(CallKind Kind, string From, string To, string Name, ReadOnlyMemory<byte> Data)
{
    /// <summary>The app's HTTP status; of a gRPC app what Dapr makes of its status (OK is 200, NotFound 404, …), of one that streams its answer
    /// as it began. Null: no app was asked (but a component, or a server outside), it did not answer, or it has the message or the
    /// call by a stream of its own.</summary>
    public int? Status { get; init; }

    /// <summary>Why it failed; null: it did not. An app that answers with an error has a <see cref="Status"/>, and did not fail.</summary>
    public Exception? Failure { get; init; }

    /// <summary>What the app said besides: metadata of a published message, of an invoked binding.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>The data as text.</summary>
    public string Text => Encoding.UTF8.GetString(Data.Span);

    /// <summary>The data as a value; of a CloudEvent, what is in its <c>data</c>.</summary>
    /// <exception cref="JsonException">The data is no such JSON.</exception>
    public T? Json<T>()
    {
        using var json = JsonDocument.Parse(Data);
        var root = json.RootElement;
        var isEvent = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("specversion", out _);
        return (!isEvent ? root : root.TryGetProperty("data", out var data) ? data : throw new JsonException("the CloudEvent has no JSON in 'data'")).Deserialize<T>(JsonSerializerOptions.Web);
    }

    /// <summary>One line, for the messages of assertions: <c>Delivery events → orders: shipped, 200</c>.</summary>
    public override string ToString() => $"{Kind} {From} → {To}: {Name}{(Status is { } status ? $", {status}" : "")}{(Failure is { } failure ? $", failed: {failure.Message}" : "")}";
}
