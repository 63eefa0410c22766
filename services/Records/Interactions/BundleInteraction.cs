using EdgeMesh.Services.Records.Audit;
using EdgeMesh.Services.Records.Consents;
using EdgeMesh.Services.Records.Resources;
using Microsoft.Extensions.Options;
using R4 = Hl7.Fhir.Model;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary>transaction (one commit, all or nothing) and batch (each entry by itself).</summary>
internal sealed class BundleInteraction(FhirModel model, WriteEntries entries, WriteEngine engine, AccessGate gate, IOptions<RecordsOptions> options)
{
    /// <param name="request">The request.</param>
    /// <param name="run">Answers an entry that reads, or one of a batch.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public async Task<FhirAnswer> AnswerAsync(FhirRequest request, Func<FhirRequest, CancellationToken, Task<FhirAnswer>> run, CancellationToken cancellation)
    {
        var parsed = model.Parse(request.Body.Span);
        if (parsed.Resource is not R4.Bundle bundle)
        {
            return parsed.Resource is null
                ? FhirAnswer.Faults(400, parsed.Issues)
                : FhirAnswer.Fault(400, "invalid", "bundle-expected", $"A Bundle is expected at the base; this is a {parsed.Resource.TypeName}. POST it to {parsed.Resource.TypeName}.");
        }

        if (bundle.Entry.Count > options.Value.BundleLimit)
        {
            return FhirAnswer.Fault(413, "too-costly", "bundle-too-large", $"The bundle has {bundle.Entry.Count} entries; at most {options.Value.BundleLimit} are taken at once. Split it.");
        }

        return bundle.Type switch
        {
            R4.Bundle.BundleType.Transaction => await TransactAsync(request with { Interaction = Interaction.Transaction }, bundle, parsed.Issues, run, cancellation),
            R4.Bundle.BundleType.Batch => await BatchAsync(request with { Interaction = Interaction.Batch }, bundle, parsed.Issues, run, cancellation),
            _ => FhirAnswer.Faults(400, parsed.Issues.Count > 0 ? parsed.Issues : [new Issue("value", "bundle-type", "Bundle.type must be 'transaction' or 'batch' here.", "Bundle.type")]),
        };
    }

    private async Task<FhirAnswer> TransactAsync(
        FhirRequest request, R4.Bundle bundle, IReadOnlyList<Issue> issues, Func<FhirRequest, CancellationToken, Task<FhirAnswer>> run, CancellationToken cancellation)
    {
        if (issues.Count > 0)
        {
            return FhirAnswer.Faults(400, issues);
        }

        var asked = new List<FhirRequest>(bundle.Entry.Count);
        var writes = new List<(int Index, WriteEntry Entry)>();
        for (var i = 0; i < bundle.Entry.Count; i++)
        {
            var (entry, fault) = ReadEntry(request, bundle.Entry[i], i, asked);
            if (fault is not null)
            {
                return fault;
            }

            if (entry is not null)
            {
                writes.Add((i, entry));
            }
        }

        var result = await engine.WriteAsync(request, [.. writes.Select(w => w.Entry)], cancellation);
        if (result.Fault is not null)
        {
            return result.Fault;
        }

        var answers = new FhirAnswer[asked.Count];
        foreach (var ((index, _), answer) in writes.Zip(result.Answers))
        {
            answers[index] = answer;
        }

        var reads = false;
        for (var i = 0; i < asked.Count; i++)
        {
            reads |= answers[i] is null;
            answers[i] ??= await run(asked[i] with { Trail = request.Trail }, cancellation);
        }

        // What was read besides is in no commit: it gets its own event.
        return Write(request, "transaction-response", answers) with { Receipt = reads ? null : result.Receipt };
    }

    private (WriteEntry? Entry, FhirAnswer? Fault) ReadEntry(FhirRequest request, R4.Bundle.EntryComponent entry, int index, List<FhirRequest> asked)
    {
        var place = $"Bundle.entry[{index}]";
        var (read, issue) = BundleEntryReader.Read(request, entry, place);
        if (read is null)
        {
            return (null, FhirAnswer.Faults(400, [issue!]));
        }

        asked.Add(read);
        if (ServedInteractions.Check(read, place) is { } unserved)
        {
            return (null, unserved);
        }

        if (read.Type != AuditSearch.Type && gate.Admit(read, read.Interaction, read.Type) is { Permits: false } refused)
        {
            request.Trail.Refused(refused);
            return (null, FhirAnswer.Fault(403, "forbidden", "access-refused", $"You may not {read.Interaction.Code()} {read.Type} ({refused.Rule}).", place));
        }

        return read.Interaction is Interaction.Create or Interaction.Update or Interaction.Delete
            ? entries.Make(read, entry.Resource, entry.FullUrl, place)
            : (null, null);
    }

    private static async Task<FhirAnswer> BatchAsync(
        FhirRequest request, R4.Bundle bundle, IReadOnlyList<Issue> issues, Func<FhirRequest, CancellationToken, Task<FhirAnswer>> run, CancellationToken cancellation)
    {
        var faulty = bundle.Entry.Select(e => e.Resource is { } resource ? FhirModel.IssuesOf(resource) : []).ToArray();
        if (issues.Count > faulty.Sum(f => f.Count))
        {
            return FhirAnswer.Faults(400, issues);
        }

        var answers = new List<FhirAnswer>(bundle.Entry.Count);
        for (var i = 0; i < bundle.Entry.Count; i++)
        {
            var (read, issue) = BundleEntryReader.Read(request, bundle.Entry[i], $"Bundle.entry[{i}]");
            answers.Add(read is null ? FhirAnswer.Faults(400, [issue!])
                : faulty[i].Count > 0 ? FhirAnswer.Faults(400, faulty[i])
                : await RunAsync(request, read, run, cancellation));
        }

        return Write(request, "batch-response", answers);
    }

    /// <summary>A write's event rides in its own commit; everything else shares the event that closes the batch.</summary>
    private static async Task<FhirAnswer> RunAsync(
        FhirRequest batch, FhirRequest entry, Func<FhirRequest, CancellationToken, Task<FhirAnswer>> run, CancellationToken cancellation)
    {
        var apart = entry with { Trail = new AccessTrail() };
        var answer = await run(apart, cancellation);
        if (answer.Receipt is null)
        {
            batch.Trail.Add(apart.Trail);
        }

        return answer;
    }

    private static FhirAnswer Write(FhirRequest request, string type, IReadOnlyList<FhirAnswer> answers)
    {
        using var page = new BundlePage(type, null);
        foreach (var answer in answers)
        {
            // Reads are asked for their resource; writes return it on request.
            page.AddAnswer(answer, request.Base, answer.Location is null || request.Return == ReturnPreference.Representation);
        }

        return new FhirAnswer(200) { Body = page.Finish() };
    }
}
