using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace EdgeMesh.Services.Records.Consents;

/// <summary>The active directives of each patient, in memory: what every decision reads. Derived from the change journal by
/// <see cref="ConsentFollower"/>, rebuilt at each start.</summary>
internal sealed class ConsentIndex
{
    private readonly ConcurrentDictionary<string, ImmutableArray<ConsentDirective>> _byPatient = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _patientOf = new(StringComparer.Ordinal);

    public ImmutableArray<ConsentDirective> For(string patient) =>
        _byPatient.TryGetValue(patient, out var directives) ? directives : [];

    /// <summary>Whose consent it is; null when it decides nothing.</summary>
    public string? PatientOf(string consentId) => _patientOf.GetValueOrDefault(consentId);

    /// <summary>The patients for whom something turns between two moments: a period begins or has ended.</summary>
    public IEnumerable<string> Turning(DateTimeOffset after, DateTimeOffset upTo) =>
        _byPatient.Where(p => p.Value.Any(d => d.Turns.Any(t => t > after && t <= upTo))).Select(p => p.Key);

    /// <summary>Takes a Consent's new version; null when it decides nothing any more. A patient is never without it in between: who reads
    /// meanwhile sees the version before or this one, else a denial would be open for a moment.</summary>
    public void Set(string consentId, ConsentDirective? directive)
    {
        var former = _patientOf.GetValueOrDefault(consentId);
        if (directive is not null)
        {
            _byPatient.AddOrUpdate(directive.Patient, _ => [directive], (_, all) => With(all, consentId, directive));
            _patientOf[consentId] = directive.Patient;
        }
        else
        {
            _patientOf.TryRemove(consentId, out _);
        }

        if (former is not null && former != directive?.Patient)
        {
            _byPatient.AddOrUpdate(former, _ => [], (_, all) => With(all, consentId, null));
        }
    }

    /// <summary>The patient's directives as they would be with one Consent replaced.</summary>
    public static ImmutableArray<ConsentDirective> With(ImmutableArray<ConsentDirective> all, string consentId, ConsentDirective? directive)
    {
        var others = all.RemoveAll(d => d.Id == consentId);
        return directive is null ? others : others.Add(directive);
    }
}
