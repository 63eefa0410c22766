namespace EdgeMesh.Services.Monitor.Alerting.Notices;

/// <summary>How a route fares.</summary>
/// <param name="Name">The route.</param>
/// <param name="LastSuccess">The last notice that it took; null: none yet.</param>
/// <param name="FailingSince">Since when no try succeeded; null: it works, or was not needed.</param>
/// <param name="Failures">Tries that failed since.</param>
/// <param name="Error">Why the last failed.</param>
/// <param name="GivenUp">Notices that were given up, ever.</param>
internal sealed record RouteStatus(string Name, DateTimeOffset? LastSuccess, DateTimeOffset? FailingSince, int Failures, string? Error, long GivenUp)
{
    /// <summary>So many failures are no accident.</summary>
    private const int FailuresThatCount = 2;

    /// <summary>A route of which nothing is known.</summary>
    public static RouteStatus New(string name) => new(name, null, null, 0, null, 0);

    /// <summary>Whether somebody should look at it.</summary>
    public bool IsFailing => Failures >= FailuresThatCount;

    public RouteStatus Succeeded(DateTimeOffset now) => this with { LastSuccess = now, FailingSince = null, Failures = 0, Error = null };

    public RouteStatus Failed(string error, bool givenUp, DateTimeOffset now) =>
        this with { FailingSince = FailingSince ?? now, Failures = Failures + 1, Error = error, GivenUp = GivenUp + (givenUp ? 1 : 0) };
}
