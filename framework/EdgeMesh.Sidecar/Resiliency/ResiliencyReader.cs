using System.Globalization;
using EdgeMesh.Sidecar.Cel;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Resources;
using YamlDotNet.RepresentationModel;

namespace EdgeMesh.Sidecar.Resiliency;

/// <summary>Reads a Resiliency resource (v1alpha1). What is wrong with it is told with file and line.</summary>
internal sealed class ResiliencyReader(YamlReader yaml, ResiliencySpec spec)
{
    private const int Ok = 0, LargestGrpc = 16, SmallestHttp = 100, LargestHttp = 599, FewestBuiltIn = 3;

    public static ResiliencySpec Read(YamlReader yaml, YamlMappingNode root, string name, YamlMappingNode body, IReadOnlyList<string> scopes)
    {
        yaml.OnlyKeys(root, "apiVersion", "kind", "metadata", "spec", "scopes");
        yaml.OnlyKeys(body, "policies", "targets");
        var reader = new ResiliencyReader(yaml, new ResiliencySpec(name, yaml.At(root)) { Scopes = scopes });
        if (yaml.Mapping(body, "policies") is { } policies)
        {
            reader.ReadPolicies(policies);
        }

        if (yaml.Mapping(body, "targets") is { } targets)
        {
            reader.ReadTargets(targets);
        }

        return reader.Spec;
    }

    private ResiliencySpec Spec => spec;

    private void ReadPolicies(YamlMappingNode policies)
    {
        yaml.OnlyKeys(policies, "timeouts", "retries", "circuitBreakers");
        foreach (var (name, node) in Children(policies, "timeouts"))
        {
            if (Duration(node, name, node is YamlScalarNode scalar ? scalar.Value : null) is { } limit && limit > TimeSpan.Zero)
            {
                spec.Timeouts[name] = limit;
            }
        }

        foreach (var (name, node) in Mappings(policies, "retries"))
        {
            // Dapr's own retries are at least three, whoever replaces them: daprd says the same.
            var retry = ReadRetry(node);
            spec.Retries[name] = ResilienceTable.BuiltIn.ContainsKey(name) && !(retry.MaxRetries >= FewestBuiltIn) ? retry with { MaxRetries = FewestBuiltIn } : retry;
        }

        foreach (var (name, node) in Mappings(policies, "circuitBreakers"))
        {
            spec.Breakers[name] = ReadBreaker(node);
        }
    }

    private RetryRule ReadRetry(YamlMappingNode node)
    {
        yaml.OnlyKeys(node, "policy", "duration", "maxInterval", "maxRetries", "matching");
        var policy = yaml.Text(node, "policy") ?? "constant";
        if (policy is not ("constant" or "exponential"))
        {
            yaml.Fault(node, $"'policy' must be constant or exponential, and is '{policy}'.");
        }

        var matching = yaml.Mapping(node, "matching");
        if (matching is not null)
        {
            yaml.OnlyKeys(matching, "httpStatusCodes", "gRPCStatusCodes");
        }

        var rule = new RetryRule();
        return rule with
        {
            IsExponential = policy == "exponential",
            Duration = Duration(node, "duration", yaml.Text(node, "duration")) ?? rule.Duration,
            MaxInterval = Duration(node, "maxInterval", yaml.Text(node, "maxInterval")) ?? rule.MaxInterval,
            MaxRetries = Number(node, "maxRetries") is >= 0 and var retries ? retries : null,
            Http = Statuses(matching, "httpStatusCodes", SmallestHttp, LargestHttp),
            Grpc = Statuses(matching, "gRPCStatusCodes", Ok, LargestGrpc),
        };
    }

    private CircuitBreakerRule ReadBreaker(YamlMappingNode node)
    {
        yaml.OnlyKeys(node, "maxRequests", "interval", "timeout", "trip");
        CelExpression? trip = null;
        if (yaml.Text(node, "trip") is { Length: > 0 } condition && !CelExpression.TryParse(condition, CircuitBreakerRule.Variables, out trip, out var fault))
        {
            yaml.Fault(node, $"the trip condition '{condition}' is refused: {fault}.");
        }

        var rule = new CircuitBreakerRule { Trip = trip };
        return rule with
        {
            MaxRequests = Math.Max(1, Number(node, "maxRequests") ?? rule.MaxRequests),
            Interval = Duration(node, "interval", yaml.Text(node, "interval")) ?? rule.Interval,
            Timeout = Duration(node, "timeout", yaml.Text(node, "timeout")) is { } open && open > TimeSpan.Zero ? open : rule.Timeout,
        };
    }

    private void ReadTargets(YamlMappingNode targets)
    {
        yaml.OnlyKeys(targets, "apps", "actors", "components");
        foreach (var (name, node) in Mappings(targets, "apps"))
        {
            yaml.OnlyKeys(node, "timeout", "retry", "circuitBreaker", "circuitBreakerCacheSize");
            spec.Apps[name] = Names(node);
        }

        foreach (var (name, node) in Mappings(targets, "actors"))
        {
            yaml.OnlyKeys(node, "timeout", "retry", "circuitBreaker", "circuitBreakerScope", "circuitBreakerCacheSize");
            spec.Actors[name] = Names(node) with { Scope = Scope(node) };
        }

        foreach (var (name, node) in Mappings(targets, "components"))
        {
            yaml.OnlyKeys(node, "outbound", "inbound");
            foreach (var (direction, into) in new[] { ("outbound", spec.Outbound), ("inbound", spec.Inbound) })
            {
                if (yaml.Mapping(node, direction) is { } policies)
                {
                    yaml.OnlyKeys(policies, "timeout", "retry", "circuitBreaker");
                    into[name] = Names(policies);
                }
            }
        }
    }

    private BreakerScope Scope(YamlMappingNode node)
    {
        var text = yaml.Text(node, "circuitBreakerScope") ?? "type";
        if (!Enum.TryParse<BreakerScope>(text, ignoreCase: true, out var scope))
        {
            yaml.Fault(node, $"'circuitBreakerScope' must be type, id or both, and is '{text}'.");
        }

        return scope;
    }

    private PolicyNames Names(YamlMappingNode node) => new(Used(node, "timeout"), Used(node, "retry"), Used(node, "circuitBreaker"));

    private string? Used(YamlMappingNode node, string key)
    {
        if (yaml.Text(node, key) is not { Length: > 0 } name)
        {
            return null;
        }

        spec.Uses.Add(new PolicyUse(key, name, yaml.At(node)));
        return name;
    }

    private IEnumerable<(string Name, YamlNode Node)> Children(YamlMappingNode parent, string key) =>
        yaml.Mapping(parent, key)?.Children.Select(c => (c.Key.ToString(), c.Value)) ?? [];

    private IEnumerable<(string Name, YamlMappingNode Node)> Mappings(YamlMappingNode parent, string key)
    {
        foreach (var (name, node) in Children(parent, key))
        {
            if (node is YamlMappingNode mapping)
            {
                yield return (name, mapping);
            }
            else
            {
                yaml.Fault(node, $"'{name}' must be a mapping.");
            }
        }
    }

    private TimeSpan? Duration(YamlNode node, string key, string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        // Unlike elsewhere, a bare number is milliseconds here.
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) ? GoDuration.TryParse(text + "ms", out var duration) : GoDuration.TryParse(text, out duration))
        {
            return duration;
        }

        yaml.Fault(node, $"'{key}' must be a duration such as 500ms or 1m, and is '{text}'.");
        return null;
    }

    private int? Number(YamlMappingNode node, string key)
    {
        if (yaml.Text(node, key) is not { Length: > 0 } text)
        {
            return null;
        }

        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        yaml.Fault(node, $"'{key}' must be a number, and is '{text}'.");
        return null;
    }

    private StatusRanges? Statuses(YamlMappingNode? matching, string key, int smallest, int largest)
    {
        if (matching is null || yaml.Text(matching, key) is not { Length: > 0 } text)
        {
            return null;
        }

        if (StatusRanges.TryParse(text, smallest, largest, out var ranges))
        {
            return ranges;
        }

        yaml.Fault(matching, $"'{key}' must list codes from {smallest} to {largest} such as {smallest},{largest - 2}-{largest}, and is '{text}'.");
        return null;
    }
}
