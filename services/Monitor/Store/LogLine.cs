namespace EdgeMesh.Services.Monitor.Store;

/// <summary>One log line of a service.</summary>
/// <param name="Id">Grows with the time; 0 before it is stored.</param>
/// <param name="Time">When it was logged, by the clock of who logged it.</param>
/// <param name="Site">Where.</param>
/// <param name="Service">By whom.</param>
/// <param name="Level">How severe.</param>
/// <param name="Message">Plain text, control characters made visible.</param>
/// <param name="TraceId">The trace in which it happened: 32 hexadecimal digits; or null.</param>
/// <param name="SpanId">The span: 16 digits; or null.</param>
/// <param name="Fields">Everything else, in whatever names the sender chose: never mistaken for the above.</param>
internal sealed record LogLine(
    long Id, DateTimeOffset Time, string Site, string Service, LogLevel Level, string Message, string? TraceId, string? SpanId, IReadOnlyDictionary<string, string> Fields);
