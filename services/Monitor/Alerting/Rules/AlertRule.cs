using System.Collections.Immutable;

namespace EdgeMesh.Services.Monitor.Alerting.Rules;

/// <summary>How much an alert matters.</summary>
internal enum Severity
{
    /// <summary>Good to know.</summary>
    Info,

    /// <summary>Somebody should look today.</summary>
    Warning,

    /// <summary>Somebody must look now.</summary>
    Critical,
}

/// <summary>One rule of the file.</summary>
internal sealed record AlertRule
{
    /// <summary>Its name, unique in the file.</summary>
    public required string Name { get; init; }

    /// <summary>How much it matters.</summary>
    public Severity Severity { get; init; } = Severity.Warning;

    /// <summary>What must hold.</summary>
    public required AlertCondition Condition { get; init; }

    /// <summary>For so long, before it is told.</summary>
    public TimeSpan For { get; init; }

    /// <summary>It must not hold for so long before it is over: an alert that comes and goes is one.</summary>
    public TimeSpan KeepFor { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>For people; <c>{site}</c>, <c>{service}</c>, <c>{subject}</c>, <c>{observed}</c>, <c>{expected}</c> are filled in.</summary>
    public required string Summary { get; init; }

    /// <summary>Names of the routes by which it is told.</summary>
    public ImmutableArray<string> Routes { get; init; } = [];
}

/// <summary>The rules of a site, and the ways by which alerts are told.</summary>
internal sealed record AlertRules
{
    /// <summary>In the order of the file.</summary>
    public ImmutableArray<AlertRule> Rules { get; init; } = [];

    /// <summary>In the order of the file.</summary>
    public ImmutableArray<AlertRoute> Routes { get; init; } = [];

    /// <summary>How alerts become notices.</summary>
    public NoticePolicy Notices { get; init; } = new();
}

/// <summary>How alerts become notices.</summary>
internal sealed record NoticePolicy
{
    /// <summary>What alerts of one notice have in common.</summary>
    public ImmutableArray<GroupKey> GroupBy { get; init; } = [GroupKey.Rule];

    /// <summary>A group that has something to tell waits so long for more.</summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Between two notices of a group.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A group to which nothing is new is told again after so long.</summary>
    public TimeSpan RepeatEvery { get; init; } = TimeSpan.FromHours(4);

    /// <summary>So often, and then no more.</summary>
    public int MostRepeats { get; init; } = 6;

    /// <summary>A notice that no try brought through is given up after so long.</summary>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromHours(24);
}

/// <summary>What alerts of one notice have in common.</summary>
internal enum GroupKey
{
    /// <summary>The rule.</summary>
    Rule,

    /// <summary>The site.</summary>
    Site,

    /// <summary>The service.</summary>
    Service,

    /// <summary>The severity.</summary>
    Severity,
}
