using System.Collections.Immutable;

namespace EdgeMesh.Services.Monitor.Alerting;

/// <summary>What a look at all rules gave.</summary>
/// <param name="Findings">Conditions that hold.</param>
/// <param name="Unknown">Rules that could not be looked at: what they said before stands.</param>
internal sealed record Evaluation(IReadOnlyList<Finding> Findings, ImmutableHashSet<string> Unknown);
