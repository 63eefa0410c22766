using EdgeMesh.Services.Records.Audit;

namespace EdgeMesh.Services.Records.Consents;

/// <summary>What a request disclosed, wrote and was denied, gathered while it is answered, for its one audit event.</summary>
internal sealed class AccessTrail
{
    private const int DeniedLimit = 100;

    private readonly List<AuditedResource> _resources = [];
    private readonly List<AuditedResource> _denied = [];
    private readonly HashSet<string> _patients = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _rules = new(StringComparer.Ordinal);

    /// <summary>What was returned or written.</summary>
    public IReadOnlyList<AuditedResource> Resources => _resources;

    /// <summary>What was hidden from the caller; the first hundred.</summary>
    public IReadOnlyList<AuditedResource> Denied => _denied;

    public int DeniedCount { get; private set; }

    /// <summary>The patient, when everything was about one.</summary>
    public string? Patient => _patients.Count == 1 ? _patients.First() : null;

    /// <summary>The rules that decided, parted by commas.</summary>
    public string? Rule => _rules.Count == 0 ? null : string.Join(", ", _rules);

    public void Released(in AccessRequest request, string? version, Decision decision)
    {
        _resources.Add(new AuditedResource($"{request.ResourceType}/{request.Id}", version));
        Note(request, decision);
    }

    public void Hidden(in AccessRequest request, string? version, Decision decision)
    {
        DeniedCount++;
        if (_denied.Count < DeniedLimit)
        {
            _denied.Add(new AuditedResource($"{request.ResourceType}/{request.Id}", version));
            Note(request, decision);
        }
    }

    /// <summary>Takes over what another trail holds.</summary>
    public void Add(AccessTrail other)
    {
        _resources.AddRange(other._resources);
        _denied.AddRange(other._denied.Take(DeniedLimit - _denied.Count));
        _patients.UnionWith(other._patients);
        _rules.UnionWith(other._rules);
        DeniedCount += other.DeniedCount;
    }

    public void Refused(Decision decision) => _rules.Add(decision.Rule);

    private void Note(in AccessRequest request, Decision decision)
    {
        _rules.Add(decision.Rule);
        foreach (var patient in request.Patients)
        {
            _patients.Add(patient);
        }
    }
}
