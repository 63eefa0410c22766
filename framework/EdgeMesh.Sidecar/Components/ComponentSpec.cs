using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Sidecar.Components;

/// <summary>One Component resource after secret references and template tags were resolved.</summary>
internal sealed record ComponentSpec(string Name, string Type, string Version, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>What it is made by: the type without its block. OpenTelemetry has the same names for those that both know.</summary>
    public string Product { get; } = Type[(Type.IndexOf('.', StringComparison.Ordinal) + 1)..];

    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>File and line, for messages.</summary>
    public string Source { get; init; } = "";

    /// <summary>What goes before a topic's name at the broker. As daprd has it, a pub/sub component with <c>{namespace}</c> in its settings
    /// keeps the topics of namespaces apart, so that sites may share a broker.</summary>
    public string TopicPrefix { get; init; } = "";

    public string? this[string key] => Metadata.TryGetValue(key, out var value) ? value : null;

    /// <summary>The field's text; null where it is missing or empty.</summary>
    public string? Text(string field) => this[field] is { Length: > 0 } text ? text : null;

    /// <summary>A field that is true or false, in any of the words that daprd takes.</summary>
    /// <exception cref="ArgumentException">It is no such word.</exception>
    public bool Flag(string field, bool normal) => Text(field)?.Trim().ToLowerInvariant() switch
    {
        null => normal,
        "true" or "t" or "1" or "y" or "yes" or "on" => true,
        "false" or "f" or "0" or "n" or "no" or "off" => false,
        _ => throw new ArgumentException($"'{field}' must be true or false, and is '{this[field]}'."),
    };

    /// <exception cref="ArgumentException">It is no whole number, or out of its range.</exception>
    public long Number(string field, long normal, long least, long most) => Text(field) switch
    {
        null => normal,
        var text when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most => number,
        var text => throw new ArgumentException($"'{field}' must be a whole number from {least} to {most}, and is '{text}'."),
    };

    /// <exception cref="ArgumentException">It is no duration.</exception>
    public TimeSpan Duration(string field, TimeSpan normal) => Text(field) is { } text ? GoDuration.Parse(text, field) : normal;

    /// <exception cref="ArgumentException">It is none of the choices.</exception>
    public string Choice(string field, string normal, params string[] choices) => Text(field) switch
    {
        null => normal,
        var text when Array.Find(choices, c => c.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } choice => choice,
        var text => throw new ArgumentException($"'{field}' must be one of {string.Join(", ", choices)}, and is '{text}'."),
    };
}

/// <summary>What drivers share with the process.</summary>
internal sealed record ComponentContext(string WorkingDirectory, TimeProvider Clock, IReadOnlyDictionary<string, string> Environment, Func<string, Apps.AppChannel?> FindApp)
{
    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;
}
