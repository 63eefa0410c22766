using EdgeMesh.Services.Monitor.Alerting.Rules;

namespace EdgeMesh.Services.Monitor.Tests.Alerting;

/// <summary>Rules for tests.</summary>
internal static class Rules
{
    public static AlertRule Rule(string name, int forSeconds = 0, int keepSeconds = 0, Severity severity = Severity.Warning, AlertCondition? condition = null, params string[] routes) => new()
    {
        Name = name,
        Severity = severity,
        For = TimeSpan.FromSeconds(forSeconds),
        KeepFor = TimeSpan.FromSeconds(keepSeconds),
        Condition = condition ?? new SiteCondition(SiteTest.Flapping, 0, []),
        Summary = name + " of {site}: {observed}, not {expected}",
        Routes = [.. routes],
    };
}
