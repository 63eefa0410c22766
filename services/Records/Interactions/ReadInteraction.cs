using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Resources;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary>read and vread.</summary>
internal sealed class ReadInteraction(Journal changes, ResourceVault vault, AccessGate gate)
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
            return FhirAnswer.Unknown(request.Type, request.Id);
        }

        if (document.Deleted)
        {
            return gate.ShowsTombstone(request, document.Key)
                ? FhirAnswer.Gone(request.Type, request.Id, document.Version, document.RecordedAt)
                : FhirAnswer.Unknown(request.Type, request.Id);
        }

        var opened = await vault.OpenAsync(document, cancellation);
        if (!opened.IsReadable || !gate.Releases(request, opened))
        {
            return FhirAnswer.Unknown(request.Type, request.Id);
        }

        var head = new FhirAnswer(200) { VersionId = document.Version.ToString(), LastModified = document.RecordedAt };
        return EntityTags.Read(request.IfNoneMatch).Any(tag => tag == "*" || tag == head.VersionId)
            ? head with { Status = 304 }
            : head with { Body = ResourceJson.WithMeta(opened.Json.Span, document.Version, document.RecordedAt) };
    }
}
