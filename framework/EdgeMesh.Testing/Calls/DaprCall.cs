using System.Text;
using System.Text.Json;

namespace EdgeMesh.Testing;

/// <summary>Something that passed through a <see cref="DaprTestHost"/>.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="From">The app that caused it, where that is known; the pub/sub component for deliveries.</param>
/// <param name="To">The app that was called, or the component.</param>
/// <param name="Name">A topic, a key without its prefix, <c>POST path</c> of an invocation, <c>type/id/method/name</c> of an actor's call.</param>
/// <param name="Data">The body, the value, or the message: of a published or delivered message the CloudEvent.</param>
public sealed record DaprCall(CallKind Kind, string From, string To, string Name, ReadOnlyMemory<byte> Data)
{
    /// <summary>The app's HTTP status; null: it was not asked, or did not answer.</summary>
    public int? Status { get; init; }

    /// <summary>Why it failed; null: it did not.</summary>
    public Exception? Failure { get; init; }

    /// <summary>The data as text.</summary>
    public string Text => Encoding.UTF8.GetString(Data.Span);

    /// <summary>The data as a value; of a CloudEvent, what is in its <c>data</c>.</summary>
    /// <exception cref="JsonException">The data is no such JSON.</exception>
    public T? Json<T>()
    {
        var json = JsonDocument.Parse(Data).RootElement;
        var isEvent = json.ValueKind == JsonValueKind.Object && json.TryGetProperty("specversion", out _);
        return (isEvent ? json.GetProperty("data") : json).Deserialize<T>(JsonSerializerOptions.Web);
    }
}

/// <summary>What a <see cref="DaprCall"/> was.</summary>
public enum CallKind
{
    /// <summary>An app published a message.</summary>
    Publish,

    /// <summary>A message reached an app that subscribes it.</summary>
    Delivery,

    /// <summary>An app called another one.</summary>
    Invocation,

    /// <summary>An actor was called: by an app, a timer or a reminder.</summary>
    ActorCall,

    /// <summary>An app read a key.</summary>
    StateRead,

    /// <summary>An app wrote a key.</summary>
    StateWrite,

    /// <summary>An app deleted a key.</summary>
    StateDelete,
}
