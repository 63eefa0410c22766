using EdgeMesh.Sidecar.Components;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>What a publisher sent.</summary>
/// <param name="PubSub">The component.</param>
/// <param name="Topic">The topic.</param>
/// <param name="Data">The bytes; the caller's own, and only until the publish returns.</param>
/// <param name="ContentType">Their type; empty is <c>text/plain</c>.</param>
/// <param name="Metadata">May override <c>cloudevent.*</c>, and say <c>rawPayload</c> and <c>ttlInSeconds</c>.</param>
internal sealed record Publication(string PubSub, string Topic, ReadOnlyMemory<byte> Data, string ContentType, IReadOnlyDictionary<string, string> Metadata)
{
    private const int TraceParentLength = 55;

    private string? _traceParent;

    /// <summary>The publisher's W3C trace; null when there is none, or when it is none.</summary>
    public string? TraceParent
    {
        get => _traceParent;
        init => _traceParent = value is { Length: TraceParentLength } && value[2] == '-' && value[35] == '-' && value[52] == '-' ? value : null;
    }

    public string? TraceState { get; init; }

    /// <summary>The broker itself lets messages expire.</summary>
    public bool IsExpiredByBroker { get; init; }

    /// <summary>What the envelope says of the message's end; null: nothing. As with daprd, a broker that sees to it leaves nothing to say.</summary>
    public TimeSpan? TimeToLive => !IsExpiredByBroker && Metadata.Count > 0 ? BrokerMessage.ReadTimeToLive(Metadata) : null;

    /// <summary>Further fields of the envelope; null: none.</summary>
    public IReadOnlyDictionary<string, string>? Extensions { get; init; }
}

/// <summary><c>rawPayload</c>, of a publication or a subscription: no envelope is made, or none is expected.</summary>
internal static class RawPayload
{
    public const string Field = "rawPayload";

    /// <summary>False: the value is no boolean, as Go reads booleans.</summary>
    public static bool TryRead(IReadOnlyDictionary<string, string> metadata, out bool isRaw)
    {
        isRaw = false;
        if (!metadata.TryGetValue(Field, out var text) || text.Length == 0)
        {
            return true;
        }

        isRaw = text is "1" or "t" or "T" or "true" or "TRUE" or "True";
        return isRaw || text is "0" or "f" or "F" or "false" or "FALSE" or "False";
    }
}
