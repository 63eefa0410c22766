using System.Collections.Immutable;
using EdgeMesh.Services.Monitor.Alerting.Rules;
using EdgeMesh.Services.Monitor.Anomalies;

namespace EdgeMesh.Services.Monitor.Alerting;

/// <summary>A rule's condition holds for something, now.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Site">Where.</param>
/// <param name="Service">The service; empty: the site as a whole.</param>
/// <param name="Subject">What of it; empty: nothing narrower.</param>
/// <param name="Observed">What came, for people.</param>
/// <param name="Expected">What was expected, for people.</param>
/// <param name="Path">The view of the console that shows it, from the console's root.</param>
internal sealed record Finding(AlertRule Rule, string Site, string Service, string Subject, string Observed, string Expected, string Path)
{
    /// <summary>Like events at other sites.</summary>
    public ImmutableArray<AnomalyMark> Similar { get; init; } = [];

    /// <summary>What makes it the same thing from one look to the next.</summary>
    public (string Rule, string Site, string Service, string Subject) Key => (Rule.Name, Site, Service, Subject);

    /// <summary>The rule's summary with its places filled in.</summary>
    public string Summary => Rule.Summary
        .Replace("{site}", Site, StringComparison.Ordinal).Replace("{service}", Service, StringComparison.Ordinal).Replace("{subject}", Subject, StringComparison.Ordinal)
        .Replace("{observed}", Observed, StringComparison.Ordinal).Replace("{expected}", Expected, StringComparison.Ordinal);
}
