namespace EdgeMesh.Sidecar.Resiliency;

/// <summary>How often and when a failed call is made again.</summary>
internal sealed record RetryRule
{
    /// <summary>Where an exponential retry begins, what it grows by, and how far it strays: Dapr's values.</summary>
    private const double FirstSeconds = 0.5, Growth = 1.5, Stray = 0.5;

    /// <summary>Pauses grow, up to <see cref="MaxInterval"/>.</summary>
    public bool IsExponential { get; init; }

    /// <summary>The pause of a constant retry.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan MaxInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Null: without end, until the caller goes.</summary>
    public int? MaxRetries { get; init; }

    /// <summary>Null: every status that is a failure.</summary>
    public StatusRanges? Http { get; init; }

    /// <summary>Null: every status that is a failure.</summary>
    public StatusRanges? Grpc { get; init; }

    /// <summary>A failure without a status (nobody there, a time limit) is always retried.</summary>
    public bool Matches(CallFailure failure) =>
        (failure.HttpStatus is not { } http || Http?.Contains(http) != false) && (failure.GrpcStatus is not { } grpc || Grpc?.Contains(grpc) != false);

    /// <param name="retry">0 for the first one.</param>
    /// <param name="random">From 0 to 1.</param>
    public TimeSpan Pause(int retry, double random)
    {
        if (!IsExponential)
        {
            return Duration;
        }

        var interval = Math.Min(FirstSeconds * Math.Pow(Growth, Math.Min(retry, 200)), MaxInterval.TotalSeconds);
        return TimeSpan.FromSeconds(interval * (1 - Stray + (2 * Stray * random)));
    }
}
