namespace EdgeMesh.Cli.Loading;

/// <summary>What a load did, as <c>records load --json</c> prints it.</summary>
internal sealed record LoadOutcome
{
    public required string Site { get; init; }

    public required int Bundles { get; init; }

    public required int Resources { get; init; }

    public required int Created { get; init; }

    /// <summary>Conditional creates that found what they would have made.</summary>
    public required int Existing { get; init; }

    public required int Retries { get; init; }

    public required double Seconds { get; init; }

    public required double ResourcesPerSecond { get; init; }

    /// <summary>One line for each bundle that was not loaded: file and reason.</summary>
    public required IReadOnlyList<string> Failed { get; init; }
}

/// <summary>What became of one bundle.</summary>
internal readonly record struct BundleResult(int Resources, int Created, int Existing, string? Fault);
