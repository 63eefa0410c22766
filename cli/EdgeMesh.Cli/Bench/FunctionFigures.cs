namespace EdgeMesh.Cli.Bench;

/// <summary>Times of many of something, in microseconds.</summary>
internal sealed record Spread(int Count, double P50, double P99, double Max)
{
    public static Spread Of(IEnumerable<double> microseconds)
    {
        var sorted = microseconds.Order().ToArray();
        return sorted.Length == 0 ? new(0, 0, 0, 0) : new(sorted.Length, At(0.50), At(0.99), Math.Round(sorted[^1], 1));

        double At(double share) => Math.Round(sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))], 1);
    }
}

/// <summary>What <c>bench functions</c> states.</summary>
internal sealed record FunctionFigures
{
    public required int Cores { get; init; }

    /// <summary>In this process, one call at a time: from leaving the queue to the function's first instruction, in a fresh instance.</summary>
    public required Spread InstanceMicroseconds { get; init; }

    /// <summary>In this process, one call at a time, queue, threads and result included.</summary>
    public required Spread CallMicroseconds { get; init; }

    /// <summary>Over HTTPS through gateway and sidecar, from when each call was due at the stated rate.</summary>
    public required IReadOnlyList<HttpFigures> Http { get; init; }

    /// <summary>The same calls of a program that only echoes, each rate just before the mesh's: what they take of the machine alone.</summary>
    public required IReadOnlyList<HttpFigures> Bare { get; init; }

    /// <summary>From sending the bundle until every site's own door says that it runs, in milliseconds; bundle and deployment by HTTPS.</summary>
    public required Spread DeployMilliseconds { get; init; }

    public required int Sites { get; init; }

    public required int IdleFunctions { get; init; }

    /// <summary>What one site's process grew by so many deployed functions, proportional set size of a process at rest.</summary>
    public double? IdleMegabytes { get; init; }
}

/// <summary>Calls at a rate.</summary>
internal sealed record HttpFigures(int CallsPerSecond, double AchievedPerSecond, int Failed, Spread Microseconds);
