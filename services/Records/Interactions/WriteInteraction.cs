using EdgeMesh.Services.Records.Consents;
using EdgeMesh.Services.Records.Resources;
using EdgeMesh.Services.Records.Search;
using R4 = Hl7.Fhir.Model;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary>create, update and delete of one resource.</summary>
internal sealed class WriteInteraction(FhirModel model, WriteEntries entries, WriteEngine engine, ReadInteraction reads)
{
    public async Task<FhirAnswer> AnswerAsync(FhirRequest request, CancellationToken cancellation)
    {
        var (resource, issues) = request.Interaction == Interaction.Delete ? (null, []) : Read(request);
        if (issues.Count > 0)
        {
            return FhirAnswer.Faults(400, issues);
        }

        var (entry, fault) = entries.Make(request, resource, null, null);
        if (entry is null)
        {
            return fault!;
        }

        var result = await engine.WriteAsync(request, [entry], cancellation);
        if (result.Fault is not null)
        {
            return result.Fault;
        }

        var answer = result.Answers[0] with { Receipt = result.Receipt };
        return request.Interaction == Interaction.Create && answer.Status == 200 ? await FoundAsync(request, answer, cancellation) : answer;
    }

    private (R4.Resource? Resource, IReadOnlyList<Issue> Issues) Read(FhirRequest request)
    {
        if (request.Resource is not null)
        {
            return (request.Resource, []);
        }

        var parsed = model.Parse(request.Body.Span);
        return (parsed.Resource, parsed.Issues);
    }

    /// <summary>A condition found one resource: it is returned when the caller may also read it.</summary>
    private async Task<FhirAnswer> FoundAsync(FhirRequest request, FhirAnswer found, CancellationToken cancellation)
    {
        var read = await reads.ReadAsync(request with { Interaction = Interaction.Read, Id = found.Location!.Split('/')[1], IfNoneMatch = null }, cancellation);
        return read.Status == 200
            ? found with { Body = read.Body, VersionId = read.VersionId, LastModified = read.LastModified, Location = $"{found.Location}/_history/{read.VersionId}" }
            : found;
    }
}
