using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Audit;
using EdgeMesh.Services.Records.Consents;
using EdgeMesh.Services.Records.Resources;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary>Answers FHIR requests. Each answer leaves by <see cref="AnswerAsync"/>, which journals its audit event first.</summary>
internal sealed class FhirService(
    AccessGate gate,
    ReadInteraction reads,
    HistoryInteraction history,
    SearchInteraction searches,
    EverythingInteraction everything,
    WriteInteraction writes,
    BundleInteraction bundles,
    AuditSearch audit,
    AccessRecorder recorder,
    TimeProvider clock)
{
    /// <exception cref="JournalUnavailableException">Neither answer nor event could be made durable.</exception>
    public async Task<FhirAnswer> AnswerAsync(FhirRequest request, CancellationToken cancellation)
    {
        var answer = await RunAsync(request, cancellation);
        if (answer.Receipt is not null)
        {
            return answer;
        }

        var at = await recorder.RecordAsync(AccessEvents.OfAnswer(request, answer, clock.GetUtcNow()), cancellation);
        return answer with { Receipt = $"{JournalName.Access}.{at}" };
    }

    private async Task<FhirAnswer> RunAsync(FhirRequest request, CancellationToken cancellation)
    {
        if (AccessDecider.AdmitFrom(request.Caller, request.Interaction) is { Permits: false } peer)
        {
            request.Trail.Refused(peer);
            return FhirAnswer.Fault(403, "forbidden", "peer-read-only", "What another site owns can be read from here, not written. Write at your own site, or have the patient's site write it.");
        }

        if (request.Interaction == Interaction.Transaction)
        {
            return await bundles.AnswerAsync(request, RunAsync, cancellation);
        }

        if (ServedInteractions.Check(request) is { } unserved)
        {
            return unserved;
        }

        if (request.Type == AuditSearch.Type)
        {
            return await audit.AnswerAsync(request, cancellation);
        }

        if (gate.Admit(request, request.Interaction, request.Type) is { Permits: false } refused)
        {
            request.Trail.Refused(refused);
            return FhirAnswer.Fault(403, "forbidden", "access-refused", $"You may not {request.Interaction.Code()} {request.Type} ({refused.Rule}).");
        }

        return request.Interaction switch
        {
            Interaction.Read => await reads.ReadAsync(request, cancellation),
            Interaction.VersionRead => await reads.ReadVersionAsync(request, cancellation),
            Interaction.History => await history.AnswerAsync(request, cancellation),
            Interaction.Search => await searches.SearchAsync(request, cancellation),
            Interaction.Everything => await everything.AnswerAsync(request, cancellation),
            _ => await writes.AnswerAsync(request, cancellation),
        };
    }
}
