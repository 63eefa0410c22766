using System.Globalization;
using EdgeMesh.Functions.Bundles;

namespace EdgeMesh.Functions;

/// <summary>The word that a function shall run, signed: which bundle, how it is rolled out, and the how-manieth word on this function it is.
/// A site obeys the highest generation that it has seen, so an old word, replayed, changes nothing; rolling back is a new word.</summary>
public sealed class Deployment
{
    private const string Format = "edgemesh-function-deployment/v1";

    private Deployment(SignedText text, string function, long generation, string? bundle, CanaryPlan canary) =>
        (Text, Function, Generation, Bundle, Canary) = (text.Text, function, generation, bundle, canary);

    /// <summary>As it is stored and sent.</summary>
    public string Text { get; }

    /// <summary>The function's name.</summary>
    public string Function { get; }

    /// <summary>Counts up with every word on this function.</summary>
    public long Generation { get; }

    /// <summary>The bundle's digest; null: the function is removed.</summary>
    public string? Bundle { get; }

    /// <summary>How it takes over from the version before.</summary>
    public CanaryPlan Canary { get; }

    /// <summary>Signs a deployment; without a bundle, the function's removal.</summary>
    public static Deployment Sign(string function, long generation, string? bundle, CanaryPlan canary, DeployerKey key)
    {
        var lines = new List<KeyValuePair<string, string>>
        {
            KeyValuePair.Create("function", function),
            KeyValuePair.Create("generation", generation.ToString(CultureInfo.InvariantCulture)),
            KeyValuePair.Create("bundle", bundle ?? "none"),
            KeyValuePair.Create("canary-percent", canary.Percent.ToString(CultureInfo.InvariantCulture)),
            KeyValuePair.Create("canary-seconds", ((long)canary.For.TotalSeconds).ToString(CultureInfo.InvariantCulture)),
            KeyValuePair.Create("canary-errors", canary.MaxErrorPercent.ToString(CultureInfo.InvariantCulture)),
        };
        return new Deployment(SignedText.Sign(Format, lines, key), function, generation, bundle, canary);
    }

    /// <summary>Reads and verifies; the fault says what is wrong.</summary>
    public static (Deployment? Deployment, string? Fault) Read(string text, IReadOnlyCollection<DeployerIdentity> trusted)
    {
        var (signed, fault) = SignedText.Read(Format, text, trusted);
        if (signed is null)
        {
            return (null, fault);
        }

        return signed is { } && signed["function"] is { Length: > 0 } function && signed.Number("generation") is > 0 and { } generation && signed["bundle"] is { } bundle
            && signed.Number("canary-percent") is >= 0 and <= 100 and { } percent && signed.Number("canary-seconds") is { } seconds && signed.Number("canary-errors") is >= 0 and <= 100 and { } errors
            ? (new Deployment(signed, function, generation, bundle == "none" ? null : bundle, new CanaryPlan((int)percent, TimeSpan.FromSeconds(seconds), (int)errors)), null)
            : (null, "a line is missing or is no number");
    }
}

/// <summary>How a version takes over.</summary>
/// <param name="Percent">Share of the calls that it gets first; 100: all at once.</param>
/// <param name="For">How long it must stay healthy before it gets all.</param>
/// <param name="MaxErrorPercent">Failed calls in a hundred above the old version's at which it is rolled back.</param>
public sealed record CanaryPlan(int Percent, TimeSpan For, int MaxErrorPercent)
{
    /// <summary>All at once.</summary>
    public static CanaryPlan None { get; } = new(100, TimeSpan.Zero, 100);
}
