using System.Collections.Immutable;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace EdgeMesh.Services.Monitor.Alerting.Rules;

/// <summary>What reading a file of rules gave: either rules, or faults that each name file, line and key.</summary>
internal sealed record RulesResult(AlertRules? Rules, IReadOnlyList<string> Faults);

/// <summary>Reads the rules strictly, and lists everything that is wrong at once.</summary>
internal static class RulesReader
{
    public const int LargestFile = 256 * 1024;

    private const int MostRules = 500;
    private const int MostRoutes = 50;
    private const int LongestSummary = 500;
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public static RulesResult Read(string file, string text)
    {
        var faults = new List<string>();
        if (Root(file, text, faults) is not { } root)
        {
            return new(null, faults);
        }

        var map = new RuleMap(file, "", root, faults);
        var policy = map.Map("notices") is { } notices ? Policy(notices) : new();
        var routes = RouteReader.Read(map, MostRoutes);
        var rules = Rules(map, routes);
        map.Done();
        return faults.Count == 0 ? new(new AlertRules { Rules = rules, Routes = routes, Notices = policy }, []) : new(null, [.. faults.Distinct()]);
    }

    private static YamlMappingNode? Root(string file, string text, List<string> faults)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            if (stream.Documents is [{ RootNode: YamlMappingNode root }])
            {
                return root;
            }

            faults.Add($"{file}:1: the file must hold one mapping: begin with `rules:`.");
        }
        catch (YamlException error)
        {
            faults.Add($"{file}:{error.Start.Line}: {error.Message.TrimEnd('.')}.");
        }

        return null;
    }

    private static NoticePolicy Policy(RuleMap map)
    {
        var usual = new NoticePolicy();
        var groupBy = map.SeveralOf<GroupKey>("groupBy");
        var policy = new NoticePolicy
        {
            GroupBy = groupBy.Count > 0 ? [.. groupBy.Distinct()] : usual.GroupBy,
            Wait = map.Duration("wait", usual.Wait, TimeSpan.FromHours(1)),
            Interval = map.Duration("interval", usual.Interval, Day),
            RepeatEvery = map.Duration("repeatEvery", usual.RepeatEvery, Day * 30),
            MostRepeats = (int)map.Number("mostRepeats", usual.MostRepeats, 0, 1000),
            GiveUpAfter = map.Duration("giveUpAfter", usual.GiveUpAfter, Day * 7),
        };
        map.Done();
        return policy;
    }

    private static ImmutableArray<AlertRule> Rules(RuleMap map, ImmutableArray<AlertRoute> routes)
    {
        var rules = ImmutableArray.CreateBuilder<AlertRule>();
        foreach (var item in map.Maps("rules"))
        {
            if (rules.Count == MostRules)
            {
                map.Fault("rules", $"has more than {MostRules} rules.");
                break;
            }

            rules.Add(Rule(item, routes, rules));
        }

        if (rules.Count == 0)
        {
            map.Fault("rules", "is missing or empty: give at least one rule.");
        }

        return rules.ToImmutable();
    }

    private static AlertRule Rule(RuleMap map, ImmutableArray<AlertRoute> routes, IEnumerable<AlertRule> before)
    {
        var name = map.Text("name", "the rule's name");
        if (before.Any(r => r.Name == name && name.Length > 0))
        {
            map.Fault("name", $"is '{name}', as another rule's: each has a name of its own.");
        }
        else if (name == AlertRuleNames.RouteFailing)
        {
            map.Fault("name", $"is '{name}', which the monitor uses for a route that fails.");
        }

        var usual = new AlertRule { Name = name, Summary = "", Condition = ConditionReader.Unknown };
        var rule = usual with
        {
            Severity = map.Choice("severity", usual.Severity),
            For = map.Duration("for", usual.For, Day * 7),
            KeepFor = map.Duration("keepFor", usual.KeepFor, Day),
            Summary = map.Text("summary", "what to tell people, such as 'The disk of {site} is nearly full: {observed} free'"),
            Routes = Routes(map, routes),
            Condition = ConditionReader.Read(map),
        };
        if (rule.Summary.Length > LongestSummary)
        {
            map.Fault("summary", $"is longer than {LongestSummary} characters.");
        }

        map.Done();
        return rule;
    }

    /// <summary>Without a word of its own, a rule is told by every route.</summary>
    private static ImmutableArray<string> Routes(RuleMap map, ImmutableArray<AlertRoute> routes)
    {
        if (!map.Has("routes"))
        {
            return [.. routes.Select(r => r.Name)];
        }

        var names = map.Texts("routes");
        foreach (var name in names.Where(n => routes.All(r => r.Name != n)))
        {
            map.Fault("routes", $"names '{name}', and there is no such route; there are {(routes.IsEmpty ? "none" : string.Join(", ", routes.Select(r => r.Name)))}.");
        }

        return [.. names];
    }
}

/// <summary>Names of rules that the monitor makes itself.</summary>
internal static class AlertRuleNames
{
    /// <summary>A route fails.</summary>
    public const string RouteFailing = "route-failing";
}
