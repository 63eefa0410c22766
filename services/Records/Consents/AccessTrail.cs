using EdgeMesh.Services.Records.Audit;

namespace EdgeMesh.Services.Records.Consents;

/// <summary>What a request disclosed, wrote and was denied, gathered while it is answered, for its one audit event.</summary>
internal sealed class AccessTrail
{
    private const int DeniedLimit = 1000;

    /// <summary>A rule may come from another site's answer.</summary>
    private const int RuleLimit = 500;

    private readonly List<AuditedResource> _resources = [];
    private readonly List<AuditedResource> _denied = [];
    private readonly HashSet<string> _deniedReferences = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _refusals = new(StringComparer.Ordinal);

    /// <summary>What was returned or written.</summary>
    public IReadOnlyList<AuditedResource> Resources => _resources;

    /// <summary>What was hidden from the caller, each once; the first thousand.</summary>
    public IReadOnlyList<AuditedResource> Denied => _denied;

    public int DeniedCount { get; private set; }

    /// <summary>The rules that refused the request as a whole.</summary>
    public IReadOnlyCollection<string> Refusals => _refusals;

    /// <summary>The rule by which resources were released, when it was one.</summary>
    public string? Rule => _resources.Count > 0 && _resources.TrueForAll(r => r.Rule == _resources[0].Rule) ? _resources[0].Rule : null;

    public void Released(in AccessRequest request, string? version, Decision decision) => _resources.Add(Named(request, version, decision, isDenied: false));

    public void Hidden(in AccessRequest request, string? version, Decision decision) => Deny(Named(request, version, decision, isDenied: true));

    /// <summary>Takes over what another trail holds.</summary>
    public void Add(AccessTrail other)
    {
        _resources.AddRange(other._resources);
        AddDenials(other);
    }

    /// <summary>Takes over what another trail was denied: nothing came of what it was permitted.</summary>
    public void AddDenials(AccessTrail other)
    {
        other._denied.ForEach(Deny);
        DeniedCount += other.DeniedCount - other._denied.Count;
        _refusals.UnionWith(other._refusals);
    }

    public void Refused(Decision decision) => _refusals.Add(decision.Rule);

    /// <summary>Pages look at a row more than once; it was denied once.</summary>
    private void Deny(AuditedResource resource)
    {
        if (_denied.Count >= DeniedLimit)
        {
            DeniedCount += _deniedReferences.Contains(resource.Reference) ? 0 : 1;
        }
        else if (_deniedReferences.Add(resource.Reference))
        {
            DeniedCount++;
            _denied.Add(resource);
        }
    }

    private static AuditedResource Named(in AccessRequest request, string? version, Decision decision, bool isDenied) => new(
        $"{request.ResourceType}/{request.Id}", version, request.Patients, decision.Rule.Length > RuleLimit ? decision.Rule[..RuleLimit] : decision.Rule, isDenied);
}
