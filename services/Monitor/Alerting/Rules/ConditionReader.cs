using System.Collections.Immutable;
using EdgeMesh.Services.Monitor.Console.Logs;
using EdgeMesh.Services.Monitor.Fleet;
using EdgeMesh.Telemetry.Anomalies;

namespace EdgeMesh.Services.Monitor.Alerting.Rules;

/// <summary>Reads what must hold for an alert: one of four kinds.</summary>
internal static class ConditionReader
{
    /// <summary>Stands where a condition could not be read: the faults say why, and no rules come of it.</summary>
    public static readonly AlertCondition Unknown = new SiteCondition(SiteTest.Is, 0, []);

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan Month = TimeSpan.FromDays(30);

    public static AlertCondition Read(RuleMap rule)
    {
        var kind = rule.OneOf("site", "series", "logs", "anomaly");
        if (kind is null || rule.Map(kind) is not { } map)
        {
            return Unknown;
        }

        AlertCondition condition = kind switch
        {
            "site" => Site(map),
            "series" => Series(map),
            "logs" => Logs(map),
            _ => Anomaly(map),
        };
        map.Done();
        return condition;
    }

    private static AlertCondition Site(RuleMap map) => map.OneOf(
        "is", "flapping", "backlogOlderThan", "backlogAbove", "diskFreeBelow", "skewAbove", "budgetAbove", "versionDrift", "configurationDrift", "serviceNotReady", "ledgerSplitView", "storeFailing", "cutOffFor") switch
    {
        "is" => new SiteCondition(SiteTest.Is, 0, Liveness(map)),
        "backlogOlderThan" => Limit(SiteTest.BacklogOlderThan, map.Duration("backlogOlderThan", default, Month).TotalSeconds),
        "backlogAbove" => Limit(SiteTest.BacklogAbove, map.Number("backlogAbove", 0, 0, 1e15)),
        "diskFreeBelow" => Limit(SiteTest.DiskFreeBelow, map.Percent("diskFreeBelow")),
        "skewAbove" => Limit(SiteTest.SkewAbove, map.Duration("skewAbove", default, Day).TotalSeconds),
        "budgetAbove" => Limit(SiteTest.BudgetAbove, map.Percent("budgetAbove")),
        "cutOffFor" => Limit(SiteTest.CutOffFor, map.Duration("cutOffFor", default, Month).TotalSeconds),
        "flapping" => True(map, "flapping", SiteTest.Flapping),
        "versionDrift" => True(map, "versionDrift", SiteTest.VersionDrift),
        "configurationDrift" => True(map, "configurationDrift", SiteTest.ConfigurationDrift),
        "serviceNotReady" => True(map, "serviceNotReady", SiteTest.ServiceNotReady),
        "storeFailing" => True(map, "storeFailing", SiteTest.StoreFailing),
        "ledgerSplitView" => True(map, "ledgerSplitView", SiteTest.LedgerSplitView),
        _ => Unknown,
    };

    private static ImmutableArray<Liveness> Liveness(RuleMap map)
    {
        var wanted = map.SeveralOf<Liveness>("is");
        if (wanted.Count == 0)
        {
            map.Fault("is", "is empty: give stale, offline, unseen or live.");
        }

        return [.. wanted.Distinct()];
    }

    private static SiteCondition Limit(SiteTest test, double limit) => new(test, limit, []);

    private static SiteCondition True(RuleMap map, string key, SiteTest test)
    {
        if (!map.Flag(key, true))
        {
            map.Fault(key, "can only be true: leave the rule out instead.");
        }

        return new(test, 0, []);
    }

    private static SeriesCondition Series(RuleMap map)
    {
        var test = map.OneOf("above", "below", "absentFor", "shareAbove");
        var condition = new SeriesCondition
        {
            Name = map.Text("name", "the instrument's name, such as http.server.request.duration"),
            Kind = map.OptionalText("kind"),
            Service = map.OptionalText("service"),
            Labels = map.Pairs("labels").ToImmutableSortedDictionary(StringComparer.Ordinal),
            Take = map.Choice("take", SeriesTake.Mean),
            Over = test == "absentFor" ? map.Duration("absentFor", TimeSpan.FromMinutes(5), Day) : map.Duration("over", TimeSpan.FromMinutes(5), Day),
            Test = test switch
            {
                "above" => SeriesTest.Above,
                "below" => SeriesTest.Below,
                "absentFor" => SeriesTest.Absent,
                _ => SeriesTest.ShareAbove,
            },
            Limit = test switch
            {
                "above" or "below" => map.Number(test, 0, -1e300, 1e300),
                "shareAbove" => map.Percent("shareAbove"),
                _ => 0,
            },
        };
        if (condition.Over <= TimeSpan.Zero)
        {
            map.Fault(test == "absentFor" ? "absentFor" : "over", "must be more than nothing.");
        }

        if (test == "shareAbove" && condition.Labels.Count == 0)
        {
            map.Fault("shareAbove", "needs labels: they say which part of the whole is meant.");
        }

        return condition;
    }

    private static LogCondition Logs(RuleMap map)
    {
        var condition = new LogCondition(
            map.OptionalText("service"), Level(map), map.OptionalText("text"), map.Pairs("fields").ToImmutableSortedDictionary(StringComparer.Ordinal),
            (long)map.Number("above", 0, 0, 1e9), map.Duration("over", TimeSpan.FromMinutes(5), Day));
        if (condition is { Text: null, Fields.Count: 0 } && condition.LeastLevel < LogLevel.Warning)
        {
            map.Fault("level", "must be warning or above where neither text nor fields are given: else every line would count.");
        }

        if (condition.Over <= TimeSpan.Zero)
        {
            map.Fault("over", "must be more than nothing.");
        }

        if (condition.Fields.Count > LogSearch.FieldLimit || LogSearch.Write(condition.Text, condition.Fields).Length > LogSearch.LengthLimit)
        {
            map.Fault(condition.Fields.Count > 0 ? "fields" : "text", $"is more than the console can search for: at most {LogSearch.FieldLimit} fields, and {LogSearch.LengthLimit} characters in all as they are typed there.");
        }

        return condition;
    }

    private static LogLevel Level(RuleMap map)
    {
        var level = map.Choice("level", LogLevel.Trace);
        if (level == LogLevel.None)
        {
            map.Fault("level", "is 'none', which no line has.");
        }

        return level;
    }

    private static AnomalyCondition Anomaly(RuleMap map)
    {
        var series = map.Texts("series");
        return new(series.Count > 0 ? [.. series] : ["*"], map.Number("leastScore", AnomalyDetector.Threshold, 0, 1), map.Duration("hold", TimeSpan.FromMinutes(15), Day));
    }
}
