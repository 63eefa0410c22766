namespace EdgeMesh.Services.Monitor.Store;

/// <summary>One span of a trace.</summary>
/// <param name="TraceId">32 hexadecimal digits.</param>
/// <param name="SpanId">16 hexadecimal digits.</param>
/// <param name="ParentId">The span in which it happened; null at the root.</param>
/// <param name="Site">Where.</param>
/// <param name="Service">By whom.</param>
/// <param name="Name">What.</param>
/// <param name="Kind"><c>internal</c>, <c>server</c>, <c>client</c>, <c>producer</c> or <c>consumer</c>.</param>
/// <param name="Start">When it began, by the clock of who measured it.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="IsError">Whether it failed.</param>
/// <param name="Attributes">What is known of it.</param>
/// <param name="Links">Spans of other traces that led to it.</param>
internal sealed record SpanRow(
    string TraceId, string SpanId, string? ParentId, string Site, string Service, string Name, string Kind, DateTimeOffset Start, TimeSpan Duration, bool IsError,
    IReadOnlyDictionary<string, string> Attributes, IReadOnlyList<SpanLink> Links);

/// <summary>A span of another trace.</summary>
internal sealed record SpanLink(string TraceId, string SpanId);
