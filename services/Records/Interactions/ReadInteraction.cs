using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Consents;
using EdgeMesh.Services.Records.Resources;
using EdgeMesh.Services.Records.Sharing;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary>read and vread.</summary>
internal sealed class ReadInteraction(Journal changes, ResourceVault vault, AccessGate gate, RemoteRecords remote)
{
    public async Task<FhirAnswer> ReadAsync(FhirRequest request, CancellationToken cancellation) =>
        await AnswerAsync(request, await changes.GetAsync(new DocumentKey(request.Type, request.Id), cancellation), cancellation);

    public async Task<FhirAnswer> ReadVersionAsync(FhirRequest request, CancellationToken cancellation)
    {
        var key = new DocumentKey(request.Type, request.Id);
        var document = VersionId.TryParse(request.VersionId, out var version) ? await changes.GetVersionAsync(key, version, cancellation) : null;
        return await AnswerAsync(request, document, cancellation);
    }

    private async Task<FhirAnswer> AnswerAsync(FhirRequest request, Document? document, CancellationToken cancellation)
    {
        if (document is null)
        {
            return await AskOwnerAsync(request, cancellation);
        }

        if (document.Deleted)
        {
            return gate.ShowsTombstone(request, document.Key)
                ? FhirAnswer.Gone(request.Type, request.Id, document.Version, document.RecordedAt)
                : await HideAsync(request, document, cancellation);
        }

        var opened = await vault.OpenAsync(document, cancellation);
        if (!opened.IsReadable || !gate.Releases(request, opened))
        {
            return await HideAsync(request, document, cancellation);
        }

        var head = new FhirAnswer(200) { VersionId = document.Version.ToString(), LastModified = document.RecordedAt };
        return EntityTags.Read(request.IfNoneMatch).Any(tag => tag == "*" || tag == head.VersionId)
            ? head with { Status = 304 }
            : head with { Body = ResourceJson.WithMeta(opened.Json.Span, document.Version, document.RecordedAt) };
    }

    /// <summary>As an unknown id would answer: one that another site gave is asked for there, also while that site is away.</summary>
    private async Task<FhirAnswer> HideAsync(FhirRequest request, Document document, CancellationToken cancellation) => document.HeldUnder is null
        ? FhirAnswer.Unknown(request.Type, request.Id)
        : await AskOwnerAsync(request, cancellation);

    /// <summary>What is not held here is its owner's to show; for an id that is nobody's the answer is the same.</summary>
    private async Task<FhirAnswer> AskOwnerAsync(FhirRequest request, CancellationToken cancellation)
    {
        if (request.Caller.ForwardedBy is not null || request.CallerToken is not { } token || remote.OwnerOf(request.Id) is not { } owner)
        {
            return FhirAnswer.Unknown(request.Type, request.Id);
        }

        var version = request.VersionId.Length == 0 ? "" : $"/_history/{request.VersionId}";
        var answer = await remote.ReadAsync(owner, $"{request.Type}/{request.Id}{version}", token, cancellation);
        var asked = new AccessRequest(request.Interaction, request.Type, request.Id, request.Type == "Patient" ? [request.Id] : [], [], owner.Name);
        switch (answer.Status)
        {
            case 200:
                request.Trail.Released(asked, answer.VersionId, new Decision(AccessEffect.Permit, answer.Rule ?? $"remote:{owner.Name}"));
                return new FhirAnswer(200) { Body = answer.Body, VersionId = answer.VersionId, LastModified = answer.LastModified };
            case 503:
                return FhirAnswer.Fault(503, "transient", "owner-unreachable", $"{request.Type}/{request.Id} is not held here, and '{owner.Name}', which may have it, can't be reached. Ask again when the link is back.") with { RetryAfterSeconds = 5 };
            default:
                request.Trail.Hidden(asked, null, new Decision(AccessEffect.Hide, $"hidden:by-{owner.Name}"));
                return FhirAnswer.Unknown(request.Type, request.Id);
        }
    }
}
