namespace EdgeMesh.Services.Monitor.Alerting;

/// <summary>Nobody is told of alerts that match all that is given. They are shown all the same.</summary>
/// <param name="Id">Names the silence.</param>
/// <param name="Rule">The rule; may end in <c>*</c>; null: any.</param>
/// <param name="Site">The site; may end in <c>*</c>; null: any.</param>
/// <param name="Service">The service; may end in <c>*</c>; null: any.</param>
/// <param name="By">Who silenced.</param>
/// <param name="Why">Why.</param>
/// <param name="From">Since when.</param>
/// <param name="Until">Until when.</param>
internal sealed record Silence(string Id, string? Rule, string? Site, string? Service, string By, string Why, DateTimeOffset From, DateTimeOffset Until)
{
    /// <summary>No silence is longer: what nobody wants to hear for months is a rule to mend.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    private const int LongestText = 500;

    /// <summary>What is wrong with it; null: nothing.</summary>
    public string? Fault(DateTimeOffset now)
    {
        if (IsAny(Rule) && IsAny(Site) && IsAny(Service))
        {
            return "Name a rule, a site or a service: a silence over everything hides the next disaster.";
        }

        if (string.IsNullOrWhiteSpace(By) || string.IsNullOrWhiteSpace(Why))
        {
            return "Say who silences, and why.";
        }

        if (((string?[])[Rule, Site, Service, By, Why]).Any(t => t?.Length > LongestText))
        {
            return $"A text is longer than {LongestText} characters.";
        }

        return Until <= now || Until > now + Longest ? $"It must end after now, and within {Longest.TotalDays:0} days." : null;
    }

    /// <summary>Whether it covers an alert now.</summary>
    public bool Covers(Alert alert, DateTimeOffset now) =>
        now >= From && now < Until && Fits(Rule, alert.Rule) && Fits(Site, alert.Site) && Fits(Service, alert.Service);

    private static bool IsAny(string? pattern) => pattern is null || pattern.All(c => c == '*');

    private static bool Fits(string? pattern, string value) => pattern is null || NamePattern.Fits(pattern, value);
}

/// <summary>Why somebody can't silence something.</summary>
/// <param name="Code">Stable, for programs.</param>
/// <param name="Reason">What is wrong, and what to do.</param>
internal sealed record SilenceRefusal(string Code, string Reason)
{
    /// <summary>It says too little or too much.</summary>
    public const string Malformed = "silence-malformed";

    /// <summary>There are as many as are kept.</summary>
    public static readonly SilenceRefusal Full = new("silences-full", $"There are {AlertTable.MostSilences} silences, and no more are kept: end one that nobody needs, or let one cover more (a rule, a site or a service may end in *).");
}
