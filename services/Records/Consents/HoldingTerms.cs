using System.Collections.Immutable;
using System.Globalization;

namespace EdgeMesh.Services.Records.Consents;

/// <summary>What a copy may be read for, and until when, on its owner's word. It travels as the consent's version of a share, as text:
/// <c>REFERENCE?for=TREAT,HRESCH&amp;until=TICKS</c>, or <c>not=</c> for all purposes but some. Its holder can decide by it while the owner
/// is away; the owner renews it when a period turns.</summary>
/// <param name="Reference">The consent, version and rule that permits.</param>
/// <param name="AllBut">Whether <paramref name="Purposes"/> are those that are not allowed.</param>
/// <param name="Purposes">Purposes of use.</param>
/// <param name="Until">The first moment at which it may not be read; null: there is none in sight.</param>
internal sealed record HoldingTerms(string Reference, bool AllBut, ImmutableArray<string> Purposes, DateTimeOffset? Until)
{
    private const string Allowed = "for=";
    private const string Excluded = "not=";
    private const string End = "until=";

    /// <summary>Whether it is about a patient, so that a consent may take it back.</summary>
    public bool IsPersonal => Reference != SiteDisclosure.NotPersonal;

    /// <summary>A reference without terms is one of before there were any: what it says it was held for is treatment. What is not
    /// understood allows nothing.</summary>
    public static HoldingTerms Parse(string text)
    {
        var question = text.IndexOf('?', StringComparison.Ordinal);
        if (question < 0)
        {
            return new(text, text == SiteDisclosure.NotPersonal, text == SiteDisclosure.NotPersonal ? [] : [SiteDisclosure.HoldingPurpose], null);
        }

        var terms = new HoldingTerms(text[..question], false, [], null);
        foreach (var part in text[(question + 1)..].Split('&'))
        {
            terms = part switch
            {
                _ when part.StartsWith(Allowed, StringComparison.Ordinal) => terms with { Purposes = Read(part[Allowed.Length..]) },
                _ when part.StartsWith(Excluded, StringComparison.Ordinal) => terms with { AllBut = true, Purposes = Read(part[Excluded.Length..]) },
                _ when part.StartsWith(End, StringComparison.Ordinal) && long.TryParse(part[End.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
                    && ticks <= DateTime.MaxValue.Ticks => terms with { Until = new DateTimeOffset(ticks, TimeSpan.Zero) },
                _ => terms with { Until = DateTimeOffset.MinValue },
            };
        }

        return terms;
    }

    public bool Allow(string purpose, DateTimeOffset moment) =>
        Purposes.Contains(purpose, StringComparer.Ordinal) != AllBut && !(moment >= Until);

    public override string ToString() =>
        $"{Reference}?{(AllBut ? Excluded : Allowed)}{string.Join(',', Purposes.Select(Uri.EscapeDataString))}"
        + (Until is { } until ? string.Create(CultureInfo.InvariantCulture, $"&{End}{until.UtcTicks}") : "");

    private static ImmutableArray<string> Read(string list) =>
        [.. list.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString)];
}
