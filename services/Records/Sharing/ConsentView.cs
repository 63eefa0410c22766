using System.Collections.Immutable;
using EdgeMesh.Services.Records.Consents;

namespace EdgeMesh.Services.Records.Sharing;

/// <summary>The consents as they would be after changes that are not in the index yet.</summary>
internal sealed class ConsentView
{
    private readonly Func<string, ImmutableArray<ConsentDirective>> _base;
    private readonly Func<string, string?> _patientOf;
    private readonly Dictionary<string, ConsentDirective?> _changed = new(StringComparer.Ordinal);

    public ConsentView(ConsentIndex index) => (_base, _patientOf) = (index.For, index.PatientOf);

    public ConsentView(ConsentView before) => (_base, _patientOf) = (before.For, before.PatientOf);

    public ImmutableArray<ConsentDirective> For(string patient)
    {
        var directives = _base(patient);
        foreach (var (id, directive) in _changed)
        {
            directives = ConsentIndex.With(directives, id, directive?.Patient == patient ? directive : null);
        }

        return directives;
    }

    /// <summary>Takes a Consent's new version; answers the patients whose consents change by it.</summary>
    public IEnumerable<string> Set(string consentId, ConsentDirective? directive)
    {
        var former = PatientOf(consentId);
        _changed[consentId] = directive;
        return new[] { former, directive?.Patient }.OfType<string>().Distinct();
    }

    private string? PatientOf(string consentId) =>
        _changed.TryGetValue(consentId, out var directive) ? directive?.Patient : _patientOf(consentId);
}
