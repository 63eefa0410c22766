using System.Collections.Immutable;
using System.Globalization;
using EdgeMesh.Functions.Bundles;

namespace EdgeMesh.Functions;

/// <summary>The word that a function shall run, signed: which bundle, how it is rolled out, and the how-manieth word on this function it is.
/// A site obeys the highest generation that it has seen, so an old word, replayed, changes nothing; rolling back is a new word.</summary>
public sealed class Deployment
{
    private const string Format = "edgemesh-function-deployment/v1";
    private const long MostSeconds = 30 * 24 * 3600;

    private Deployment(SignedText text, string function, long generation, string? bundle, CanaryPlan canary, bool isRollback) =>
        (Text, Signer, Function, Generation, Bundle, Canary, IsRollback) = (text.Text, text.Signer, function, generation, bundle, canary, isRollback);

    /// <summary>As it is stored and sent.</summary>
    public string Text { get; }

    /// <summary>Who signed it.</summary>
    public string Signer { get; }

    /// <summary>The function's name.</summary>
    public string Function { get; }

    /// <summary>Counts up with every word on this function.</summary>
    public long Generation { get; }

    /// <summary>The bundle's digest; null: the function is removed.</summary>
    public string? Bundle { get; }

    /// <summary>How it takes over from the version before.</summary>
    public CanaryPlan Canary { get; }

    /// <summary>Whether it may bring an older version than the one before.</summary>
    public bool IsRollback { get; }

    /// <summary>Which of two words on a function a site obeys: the one of the higher generation; of two that were signed on two sides of a cut
    /// under one generation, the same at every site.</summary>
    public static int Compare(Deployment left, Deployment right) =>
        left.Generation != right.Generation ? left.Generation.CompareTo(right.Generation) : string.CompareOrdinal(left.Text, right.Text);

    /// <summary>Signs a deployment; without a bundle, the function's removal.</summary>
    public static Deployment Sign(string function, long generation, string? bundle, CanaryPlan canary, DeployerKey key, bool isRollback = false)
    {
        var lines = new List<KeyValuePair<string, string>>
        {
            KeyValuePair.Create("function", function),
            KeyValuePair.Create("generation", generation.ToString(CultureInfo.InvariantCulture)),
            KeyValuePair.Create("bundle", bundle ?? "none"),
            KeyValuePair.Create("canary-percent", canary.Percent.ToString(CultureInfo.InvariantCulture)),
            KeyValuePair.Create("canary-seconds", ((long)canary.For.TotalSeconds).ToString(CultureInfo.InvariantCulture)),
            KeyValuePair.Create("canary-errors", canary.MaxErrorPercent.ToString(CultureInfo.InvariantCulture)),
            KeyValuePair.Create("canary-slower", canary.MaxSlowerPercent.ToString(CultureInfo.InvariantCulture)),
            KeyValuePair.Create("rollback", isRollback ? "yes" : "no"),
        };
        lines.AddRange(canary.Sites.Select(site => KeyValuePair.Create("canary-site", site)));
        return new Deployment(SignedText.Sign(Format, lines, key), function, generation, bundle, canary, isRollback);
    }

    /// <summary>Reads and verifies; the fault says what is wrong.</summary>
    public static (Deployment? Deployment, string? Fault) Read(string text, IReadOnlyCollection<DeployerIdentity> trusted)
    {
        var (signed, fault) = SignedText.Read(Format, text, trusted);
        if (signed is null)
        {
            return (null, fault);
        }

        return ReadCanary(signed) is { } canary && signed["function"] is { Length: > 0 } function && signed.Number("generation") is > 0 and { } generation && signed["bundle"] is { } bundle
            ? (new Deployment(signed, function, generation, bundle == "none" ? null : bundle, canary, signed["rollback"] == "yes"), null)
            : (null, "a line is missing or is no number");
    }

    private static CanaryPlan? ReadCanary(SignedText signed) =>
        signed.Number("canary-percent") is >= 0 and <= 100 and { } percent && signed.Number("canary-seconds") is >= 0 and <= MostSeconds and { } seconds
        && signed.Number("canary-errors") is >= 0 and <= 100 and { } errors && signed.Number("canary-slower") is >= 0 and <= int.MaxValue and { } slower
            ? new CanaryPlan((int)percent, TimeSpan.FromSeconds(seconds), (int)errors) { MaxSlowerPercent = (int)slower, Sites = [.. signed.All("canary-site")] }
            : null;
}

/// <summary>How a version takes over.</summary>
/// <param name="Percent">Share of the calls that it gets first; 100: all at once.</param>
/// <param name="For">How long it must stay healthy before it gets all.</param>
/// <param name="MaxErrorPercent">Failed calls in a hundred above the old version's at which it is rolled back.</param>
public sealed record CanaryPlan(int Percent, TimeSpan For, int MaxErrorPercent)
{
    /// <summary>A share by which both versions get as many calls, so that their errors and their speed can be compared soonest.</summary>
    public const int HalfPercent = 50;

    /// <summary>How much slower than the old version's its calls may be on average, in percent, before it is rolled back.</summary>
    public int MaxSlowerPercent { get; init; } = 100;

    /// <summary>Sites that take it first; the others wait until it is healthy there. Empty: all at once.</summary>
    public ImmutableArray<string> Sites { get; init; } = [];

    /// <summary>All at once.</summary>
    public static CanaryPlan None { get; } = new(100, TimeSpan.Zero, 100);

    /// <summary>Whether it gets every call from the beginning.</summary>
    public bool IsNone => Percent >= 100 && Sites.IsEmpty;

    /// <inheritdoc/>
    public bool Equals(CanaryPlan? other) =>
        other is not null && (Percent, For, MaxErrorPercent, MaxSlowerPercent) == (other.Percent, other.For, other.MaxErrorPercent, other.MaxSlowerPercent) && Sites.SequenceEqual(other.Sites);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Percent, For, MaxErrorPercent, MaxSlowerPercent, Sites.Length);
}
