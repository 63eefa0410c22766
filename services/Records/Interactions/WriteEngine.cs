using System.Collections.Immutable;
using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Audit;
using EdgeMesh.Services.Records.Consents;
using EdgeMesh.Services.Records.Projection;
using EdgeMesh.Services.Records.Resources;
using Microsoft.Extensions.Options;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary>Commits writes, one or a whole transaction: one commit, with its audit event in it. When others changed what the plan was
/// made on, it is planned anew, on what stands then.</summary>
internal sealed partial class WriteEngine(
    Journal changes,
    WritePlanner planner,
    Preconditions preconditions,
    ResourceVault vault,
    ExtractionCache cache,
    AccessRecorder recorder,
    FollowerLoop projection,
    TimeProvider clock,
    IOptions<RecordsOptions> options,
    ILogger<WriteEngine> logger)
{
    private const int BusySeconds = 1;

    /// <summary>All or nothing. Either the answers in the order of the entries, or why nothing was written.</summary>
    public async Task<WriteResult> WriteAsync(FhirRequest request, IReadOnlyList<WriteEntry> entries, CancellationToken cancellation)
    {
        for (var attempt = 1; attempt <= options.Value.Attempts; attempt++)
        {
            var tried = request with { Trail = new AccessTrail() };
            var (plan, fault) = await planner.PlanAsync(tried, entries, cancellation);
            if (plan is null)
            {
                request.Trail.AddDenials(tried.Trail);
                return new WriteResult(fault, [], null);
            }

            var (result, receipt) = plan.Changes.Count == 0 ? (null, null) : await CommitAsync(tried, plan, cancellation);
            if (result is CommitResult.Stale or CommitResult.PreconditionFailed)
            {
                continue;
            }

            request.Trail.Add(tried.Trail);
            return result switch
            {
                CommitResult.Refused refused => new WriteResult(Refused(refused), [], null),
                CommitResult.Committed committed => await CommittedAsync(plan, committed, receipt!, cancellation),
                _ => new WriteResult(null, Answers(plan, []), null),
            };
        }

        return new WriteResult(
            FhirAnswer.Fault(409, "lock-error", "write-contended", "Others keep changing what this write depends on. Nothing was written; send it again.") with { RetryAfterSeconds = BusySeconds },
            [], null);
    }

    private async Task<(CommitResult Result, string? Receipt)> CommitAsync(FhirRequest request, WritePlan plan, CancellationToken cancellation)
    {
        var sealedChanges = ImmutableArray.CreateBuilder<Change>(plan.Changes.Count);
        foreach (var write in plan.Changes)
        {
            sealedChanges.Add(write.Change = await SealAsync(write, cancellation));
        }

        var commit = new Commit
        {
            Changes = sealedChanges.MoveToImmutable(),
            Events = await recorder.SealAsync(AccessEvents.OfWrite(request, request.Trail, clock.GetUtcNow()), cancellation),
            Precondition = plan.Expectations.Count == 0 ? null : preconditions.For(plan.Expectations),
            SharingContext = plan,
            IdempotencyKey = RepeatedWrites.KeyOf(request),
        };
        var result = await changes.CommitAsync(commit, cancellation);
        return (result, result is CommitResult.Committed committed ? $"{JournalName.Changes}.{AccessRecorder.First(committed, commit.Events.Length)}" : null);
    }

    private async ValueTask<Change> SealAsync(PlannedWrite write, CancellationToken cancellation)
    {
        if (write.Indexed is not { } entry)
        {
            return write.Change!;
        }

        var body = await vault.SealAsync(entry, write.Json, cancellation);
        cache.Put(body.Span, entry);
        return write.Change! with { Body = body };
    }

    /// <summary>Read your writes: the answer waits for the search index, but not for ever, since the write stands.</summary>
    private async Task<WriteResult> CommittedAsync(WritePlan plan, CommitResult.Committed committed, string receipt, CancellationToken cancellation)
    {
        try
        {
            await projection.ReachAsync(committed.At, cancellation).WaitAsync(TimeSpan.FromSeconds(options.Value.ProjectionSeconds), clock, cancellation);
        }
        catch (TimeoutException)
        {
            LogBehind(logger, options.Value.ProjectionSeconds);
        }

        var answers = committed.Repeated ? RepeatedWrites.Answers(plan, committed.Documents) : Answers(plan, committed.Documents);
        return new WriteResult(null, answers, receipt);
    }

    private static IReadOnlyList<FhirAnswer> Answers(WritePlan plan, ImmutableArray<Document> documents)
    {
        var (answers, next) = (new List<FhirAnswer>(plan.Writes.Count), 0);
        foreach (var write in plan.Writes)
        {
            answers.Add(write.Exists ? Existing(write) : Written(write, documents[next++]));
        }

        return answers;
    }

    internal static FhirAnswer Existing(PlannedWrite write) => write.Current is { } gone
        ? new FhirAnswer(204) { VersionId = gone.Version.ToString(), LastModified = gone.RecordedAt }
        : new FhirAnswer(200) { Location = write.Key.ToString() };

    private static FhirAnswer Written(PlannedWrite write, Document document)
    {
        var status = write.Entry.Interaction switch { Interaction.Create => 201, Interaction.Update => 200, _ => 204 };
        return new FhirAnswer(status)
        {
            VersionId = document.Version.ToString(),
            LastModified = document.RecordedAt,
            Location = status == 204 ? null : $"{write.Key}/_history/{document.Version}",
            Body = status == 204 ? default : ResourceJson.WithMeta(write.Json, document.Version, document.RecordedAt),
        };
    }

    private static FhirAnswer Refused(CommitResult.Refused refused) => refused.Code == "commit-too-large"
        ? FhirAnswer.Fault(413, "too-costly", refused.Code, refused.Detail)
        : FhirAnswer.Fault(429, "throttled", refused.Code, refused.Detail) with { RetryAfterSeconds = BusySeconds };

    [LoggerMessage(LogLevel.Warning, "The search index did not reach a write in {Seconds} s; the write stands and searches will find it later")]
    private static partial void LogBehind(ILogger logger, int seconds);
}

/// <summary>What came of writes.</summary>
/// <param name="Fault">Why nothing was written; null: it was.</param>
/// <param name="Answers">One for each entry.</param>
/// <param name="Receipt">Where the audit event stands; null: nothing had to be written.</param>
internal sealed record WriteResult(FhirAnswer? Fault, IReadOnlyList<FhirAnswer> Answers, string? Receipt);
