using System.Text.Json;
using EdgeMesh.Sidecar.Cel;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>A routing rule: the first whose condition holds takes the message.</summary>
/// <param name="Match">Null always holds.</param>
/// <param name="Path">The app's route.</param>
internal sealed record RoutingRule(CelExpression? Match, string Path)
{
    /// <summary>Null: the condition is not one that is served; <paramref name="faults"/> says which, and why.</summary>
    public static RoutingRule? Parse(string match, string path, string source, List<string> faults)
    {
        if (string.IsNullOrWhiteSpace(match))
        {
            return new RoutingRule(null, path);
        }

        if (CelExpression.TryParse(match.Trim(), out var condition, out var fault))
        {
            return new RoutingRule(condition, path);
        }

        faults.Add($"{source}: the routing rule '{match.Trim()}' is refused: {fault}.");
        return null;
    }
}

/// <summary>Where a message goes.</summary>
/// <param name="Path">Null: nowhere, or it can't be said.</param>
/// <param name="Error">Why it can't be said.</param>
internal readonly record struct RouteChoice(string? Path, string? Error)
{
    /// <summary>A condition that has no value, as when a field is missing, stops the choice: that is daprd's way, and keeps a message from a wrong route.</summary>
    public static RouteChoice Of(IReadOnlyList<RoutingRule> rules, string? defaultRoute, JsonElement envelope)
    {
        foreach (var rule in rules)
        {
            var outcome = rule.Match?.Evaluate(envelope) ?? new CelOutcome(true, null);
            if (outcome.Error is not null)
            {
                return new RouteChoice(null, outcome.Error);
            }

            if (outcome.Holds)
            {
                return new RouteChoice(rule.Path, null);
            }
        }

        return new RouteChoice(defaultRoute, null);
    }
}
