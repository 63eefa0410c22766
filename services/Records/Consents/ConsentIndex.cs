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

    /// <summary>Takes a Consent's new version; null when it decides nothing any more.</summary>
    public void Set(string consentId, ConsentDirective? directive)
    {
        if (_patientOf.TryRemove(consentId, out var former))
        {
            _byPatient.AddOrUpdate(former, _ => [], (_, all) => With(all, consentId, null));
        }

        if (directive is not null)
        {
            _patientOf[consentId] = directive.Patient;
            _byPatient.AddOrUpdate(directive.Patient, _ => [directive], (_, all) => With(all, consentId, directive));
        }
    }

    /// <summary>The patient's directives as they would be with one Consent replaced.</summary>
    public static ImmutableArray<ConsentDirective> With(ImmutableArray<ConsentDirective> all, string consentId, ConsentDirective? directive)
    {
        var others = all.RemoveAll(d => d.Id == consentId);
        return directive is null ? others : others.Add(directive);
    }
}
