using Cronos;

namespace EdgeMesh.Functions.Manifests;

/// <summary>What a schema can't say.</summary>
internal static class ManifestRules
{
    private static readonly TimeSpan MostTime = TimeSpan.FromMinutes(15);

    public static IEnumerable<ManifestFault> Faults(FunctionManifest manifest, ManifestDocument document)
    {
        if (manifest.Limits.WallClock > MostTime)
        {
            yield return document.Fault("limits.time", $"must be at most {MostTime.TotalMinutes:F0}m");
        }

        for (var i = 0; i < manifest.Triggers.Count; i++)
        {
            if (manifest.Triggers[i].Http is { } http && TakenName(http.Path) is { } taken)
            {
                yield return document.Fault($"triggers[{i}].http.path", $"'{{{taken}}}' becomes a variable PATH_{taken.ToUpperInvariant()} that is there already; give it another name");
            }

            if (manifest.Triggers[i].Schedule is { } schedule)
            {
                if (!CronExpression.TryParse(schedule.Cron, CronFormat.IncludeSeconds, out _))
                {
                    yield return document.Fault($"triggers[{i}].schedule.cron", $"'{schedule.Cron}' is no cron expression of six fields (second minute hour day month weekday), such as '0 */5 * * * *'");
                }

                if (!TimeZoneInfo.TryFindSystemTimeZoneById(schedule.TimeZone, out _))
                {
                    yield return document.Fault($"triggers[{i}].schedule.timeZone", $"'{schedule.TimeZone}' is no time zone, such as Europe/Berlin");
                }
            }
        }

        foreach (var twice in manifest.Triggers.Select((t, i) => (Key: Key(t), Index: i)).GroupBy(t => t.Key).Where(g => g.Count() > 1))
        {
            yield return document.Fault($"triggers[{twice.Last().Index}]", "is there twice");
        }
    }

    /// <summary>The first name of a path whose variable is CGI's own, or another name's.</summary>
    private static string? TakenName(string path)
    {
        var taken = new HashSet<string>(["INFO", "TRANSLATED"], StringComparer.OrdinalIgnoreCase);
        return path.Split('/').Where(p => p is ['{', .., '}']).Select(p => p[1..^1]).FirstOrDefault(n => !taken.Add(n));
    }

    private static string Key(FunctionTrigger trigger) => trigger switch
    {
        { Http: { } http } => $"{http.Method} {http.Path}",
        { Topic: { } topic } => $"topic {topic.Name}",
        { Schedule: { } schedule } => $"schedule {schedule.Cron} {schedule.TimeZone}",
        _ => $"changes {string.Join(',', trigger.Changes!.Collections)} {string.Join(',', trigger.Changes.Labels)}",
    };
}
