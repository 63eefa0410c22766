namespace EdgeMesh.Services.Monitor.Store;

/// <summary>Which traces; what is null does not matter.</summary>
internal sealed record TraceQuery
{
    public const int MostTraces = 500;

    public DateTimeOffset? From { get; init; }

    /// <summary>Exclusive.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Somewhere in the root's name, in small or capital ASCII letters.</summary>
    public string? Text { get; init; }

    /// <summary>A site that took part.</summary>
    public string? Site { get; init; }

    /// <summary>A service that took part.</summary>
    public string? Service { get; init; }

    public bool OnlyErrors { get; init; }

    public TimeSpan? LeastDuration { get; init; }

    /// <summary>At most <see cref="MostTraces"/>.</summary>
    public int Limit { get; init; } = 100;
}

/// <summary>A trace in one line.</summary>
/// <param name="TraceId">32 hexadecimal digits.</param>
/// <param name="Site">Of its root; of any other span while the root is not here.</param>
/// <param name="Service">Likewise.</param>
/// <param name="Name">Likewise.</param>
/// <param name="Start">When its first span began.</param>
/// <param name="Duration">Until its last span ended.</param>
/// <param name="Spans">How many spans are here.</param>
/// <param name="Errors">How many of them failed.</param>
internal sealed record TraceSummary(string TraceId, string Site, string Service, string Name, DateTimeOffset Start, TimeSpan Duration, int Spans, int Errors);
