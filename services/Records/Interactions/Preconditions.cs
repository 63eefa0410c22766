using System.Collections.Immutable;
using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Indexing;
using EdgeMesh.Services.Records.Projection;
using EdgeMesh.Services.Records.Resources;
using Microsoft.Extensions.Options;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary>Checks conditions at a commit's place in the order: on a projection that has reached the journal's head, and against the
/// earlier commits of the same batch. That is what makes exactly one of N conditional creates true.</summary>
internal sealed class Preconditions(
    FollowerLoop projection, ProjectionReader rows, ExtractionCache cache, ResourceVault vault, string site, TimeProvider clock, IOptions<RecordsOptions> options)
{
    public Precondition For(IReadOnlyList<Expectation> expectations) => (context, cancellation) => CheckAsync(expectations, context, cancellation);

    private async ValueTask<ImmutableArray<DocumentKey>> CheckAsync(IReadOnlyList<Expectation> expectations, CommitContext context, CancellationToken cancellation)
    {
        try
        {
            await projection.ReachAsync(context.Head, cancellation).WaitAsync(TimeSpan.FromSeconds(options.Value.ProjectionSeconds), clock, cancellation);
        }
        catch (TimeoutException late)
        {
            throw new JournalUnavailableException($"The search index is behind ({projection.Failure ?? "slow"}), so conditions can't be decided. Ask again.", late);
        }

        var earlier = await EarlierAsync(context.Earlier, cancellation);
        foreach (var expectation in expectations)
        {
            var (query, id) = expectation;
            var matches = rows.Find(query).Where(r => expectation.Counts?.Invoke(r.Entry, r.OwnerSite, r.HeldUnder) != false).Take(2).Select(r => r.Entry.Key).ToHashSet();
            foreach (var (key, entry) in earlier)
            {
                if (entry is not null && query.Matches(entry, clock.GetUtcNow().UtcTicks) && expectation.Counts?.Invoke(entry, site, null) != false)
                {
                    matches.Add(key);
                }
                else
                {
                    matches.Remove(key);
                }
            }

            var holds = id is null ? matches.Count == 0 : matches.Count == 1 && matches.First().Id == id;
            if (!holds)
            {
                return matches.Count > 0 ? [.. matches] : [new DocumentKey(query.Type ?? "", id ?? "")];
            }
        }

        return [];
    }

    /// <summary>What earlier commits of the batch make of their documents; null: deleted.</summary>
    private async ValueTask<List<(DocumentKey Key, IndexEntry? Entry)>> EarlierAsync(IReadOnlyList<Change> changes, CancellationToken cancellation)
    {
        var entries = new List<(DocumentKey, IndexEntry?)>(changes.Count);
        foreach (var change in changes)
        {
            entries.Add((change.Key, change.Deleted ? null : cache.Peek(change.Body.Span) ?? await OpenAsync(change, cancellation)));
        }

        return entries;
    }

    private async ValueTask<IndexEntry> OpenAsync(Change change, CancellationToken cancellation) =>
        vault.Index((await vault.OpenBodyAsync(change.Key, change.Body, cancellation)).Span);
}
