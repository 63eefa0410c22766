using System.Collections.Immutable;
using EdgeMesh.Hosting;
using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Consents;
using EdgeMesh.Services.Records.Resources;

namespace EdgeMesh.Services.Records.Sharing;

/// <summary>Decides under the journal's writer which sites may hold what a commit writes, and what they gain or lose by a consent in it.
/// The consents it sees are those of the journal's head, of the batch so far, and of the commit itself, in this order.</summary>
internal sealed class ConsentSharePolicy(
    MeshDirectory directory, Keyring.Keyring keyring, ConsentIndex index, ConsentBodies consents, PatientDocuments documents, TimeProvider clock) : ISharePolicy
{
    /// <summary>Documents that one share change grants: a feed sends it as a whole.</summary>
    private const int GrantsPerChange = 64;

    /// <summary>A withdrawal names keys alone.</summary>
    private const int WithdrawalsPerChange = 1024;

    private readonly ImmutableArray<SiteEntry> _peers = [.. directory.Sites.Where(s => s.Name != directory.Self && !s.ExchangeKey.IsEmpty)];

    public async ValueTask<SharePlan> PlanAsync(Commit commit, CommitContext context, CancellationToken cancellation)
    {
        var review = commit.SharingContext as PeriodReview;
        if (_peers.IsEmpty || (commit.Changes.IsEmpty && review is null))
        {
            return SharePlan.None;
        }

        await documents.ReachAsync(context.Head, cancellation);
        var before = new ConsentView(index);
        var pending = await TakeAsync(before, context.Earlier, null, cancellation);
        var after = new ConsentView(before);
        var patients = await TakeAsync(after, commit.Changes, context.NextRecord, cancellation);
        var (holders, changes) = (ImmutableArray.CreateBuilder<ImmutableArray<Holder>>(commit.Changes.Length), ImmutableArray.CreateBuilder<ShareChange>());
        foreach (var change in commit.Changes)
        {
            var may = await HoldersAsync(change, after, cancellation);
            holders.Add(may);
            changes.AddRange(await RelabelledAsync(change, may, patients, before, context, cancellation));
        }

        foreach (var (patient, consent) in patients)
        {
            changes.AddRange(await ChangesAsync(new Affected(patient, consent, pending.ContainsKey(patient)), before, after, commit, context, cancellation));
        }

        if (review is not null)
        {
            changes.AddRange(await ChangesAsync(new Affected(review.PatientId, null, pending.ContainsKey(review.PatientId)), before, after, commit, context, cancellation));
        }

        return new SharePlan(holders.MoveToImmutable(), changes.ToImmutable());
    }

    /// <summary>Takes the Consents among some changes into a view; answers whose consents they are, and which version did it.</summary>
    private async ValueTask<Dictionary<string, string>> TakeAsync(ConsentView view, IReadOnlyList<Change> changes, Position? first, CancellationToken cancellation)
    {
        var patients = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < changes.Count; i++)
        {
            if (changes[i].Key is not { Collection: ConsentBodies.Collection } key)
            {
                continue;
            }

            var version = first is { } at ? new VersionId(directory.Self, at with { Index = at.Index + i }).ToString() : "pending";
            var directive = changes[i].Deleted ? null : await consents.ReadAsync(key, changes[i].Body, version, cancellation);
            foreach (var patient in view.Set(key.Id, directive))
            {
                patients[patient] = ConsentDirective.Reference(key.Id, version);
            }
        }

        return patients;
    }

    private async ValueTask<ImmutableArray<Holder>> HoldersAsync(Change change, ConsentView view, CancellationToken cancellation)
    {
        // A tombstone goes to whoever may hold what it ends; its facts are those of the version before.
        var (body, facts) = change.Deleted ? await documents.CurrentAsync(change.Key, cancellation) : (change.Body, await documents.FactsAsync(change.Key, change.Body, cancellation));
        if (facts is null)
        {
            return [];
        }

        var holders = ImmutableArray.CreateBuilder<Holder>();
        foreach (var peer in _peers)
        {
            if (SiteDisclosure.Holding(facts, change.Key.Collection, peer, clock.GetUtcNow(), view.For) is { } terms)
            {
                holders.Add(new Holder(peer.Name, terms, await keyring.WrapForAsync(body, peer.ExchangeKey, cancellation)));
            }
        }

        return holders.ToImmutable();
    }

    /// <summary>A new version that a peer may not hold takes the versions before with it: what was said of them is not so any more.</summary>
    private async ValueTask<IEnumerable<ShareChange>> RelabelledAsync(
        Change change, ImmutableArray<Holder> may, IReadOnlyDictionary<string, string> patients, ConsentView before, CommitContext context, CancellationToken cancellation)
    {
        if (change.Base is null || await documents.StandingAsync(change.Key, context.Earlier, cancellation) is not { } standing)
        {
            return [];
        }

        var consent = standing.Facts.Patients.Select(p => patients.GetValueOrDefault(p)).OfType<string>().FirstOrDefault();
        var withdrawn = _peers
            .Where(peer => !may.Any(h => h.Peer == peer.Name))
            .Select(peer => (Peer: peer.Name, Held: standing.HeldBy(peer.Name) ?? Holding(standing, peer, before)))
            .Where(p => p.Held is not null)
            .Select(p => new ShareChange { Peer = p.Peer, ConsentVersion = consent ?? HoldingTerms.Parse(p.Held!).Reference, Withdrawn = [change.Key] })
            .ToList();
        if (withdrawn.Count > 0)
        {
            await keyring.RotateAsync(standing.Facts.KeyScope, cancellation);
        }

        return withdrawn;
    }

    /// <summary>What each peer gains or loses of a patient's documents that stand already. What a peer holds is read off the journal, so
    /// what was missed once is mended; an earlier commit of the batch is not in it yet, and is judged by what it decided on.</summary>
    private async ValueTask<IEnumerable<ShareChange>> ChangesAsync(
        Affected affected, ConsentView before, ConsentView after, Commit commit, CommitContext context, CancellationToken cancellation)
    {
        var written = commit.Changes.Select(c => c.Key).ToHashSet();
        var standing = (await documents.OfAsync(affected.Patient, context.Earlier, cancellation)).Where(d => !written.Contains(d.Key)).ToList();
        var changes = new List<ShareChange>();
        foreach (var peer in _peers)
        {
            var (granted, withdrawn) = (new List<(string Terms, SharedDocument Document)>(), new List<(string Consent, DocumentKey Key)>());
            foreach (var document in standing)
            {
                var (held, may) = (document.HeldBy(peer.Name), Holding(document, peer, after));
                var decided = affected.IsPending || document.Version is null ? Holding(document, peer, before) : held;
                if (may is not null && may != decided)
                {
                    granted.Add((may, new SharedDocument(document.Key, document.Version, await keyring.WrapForAsync(document.Body, peer.ExchangeKey, cancellation))));
                }
                else if (may is null && (decided ?? held) is { } terms)
                {
                    withdrawn.Add((affected.Consent ?? HoldingTerms.Parse(terms).Reference, document.Key));
                }
            }

            changes.AddRange(granted.GroupBy(g => g.Terms, g => g.Document).SelectMany(g => g.Chunk(GrantsPerChange), (g, some) =>
                new ShareChange { Peer = peer.Name, ConsentVersion = g.Key, Granted = [.. some] }));
            changes.AddRange(withdrawn.GroupBy(w => w.Consent, w => w.Key).SelectMany(w => w.Chunk(WithdrawalsPerChange), (w, some) =>
                new ShareChange { Peer = peer.Name, ConsentVersion = w.Key, Withdrawn = [.. some] }));
            await RotateAsync(standing, withdrawn.Select(w => w.Key).ToHashSet(), cancellation);
        }

        return changes;
    }

    private string? Holding(StandingDocument document, SiteEntry peer, ConsentView view) =>
        SiteDisclosure.Holding(document.Facts, document.Key.Collection, peer, clock.GetUtcNow(), view.For);

    /// <summary>What is written after a withdrawal is sealed under a key that the peer never had.</summary>
    private async ValueTask RotateAsync(IReadOnlyList<StandingDocument> standing, HashSet<DocumentKey> withdrawn, CancellationToken cancellation)
    {
        foreach (var scope in standing.Where(d => withdrawn.Contains(d.Key)).Select(d => d.Facts.KeyScope).Distinct())
        {
            await keyring.RotateAsync(scope, cancellation);
        }
    }

    /// <param name="Patient">Whose documents are looked at.</param>
    /// <param name="Consent">The version that changes it; null: time does.</param>
    /// <param name="IsPending">Whether an earlier commit of the batch changed the patient's consents.</param>
    private readonly record struct Affected(string Patient, string? Consent, bool IsPending);
}
