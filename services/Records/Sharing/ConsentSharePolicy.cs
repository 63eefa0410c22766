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

    private readonly ImmutableArray<SiteEntry> _peers = [.. directory.Sites.Where(s => s.Name != directory.Self && !s.ExchangeKey.IsEmpty)];

    public async ValueTask<SharePlan> PlanAsync(Commit commit, CommitContext context, CancellationToken cancellation)
    {
        if (_peers.IsEmpty || commit.Changes.IsEmpty)
        {
            return SharePlan.None;
        }

        await documents.ReachAsync(context.Head, cancellation);
        var before = new ConsentView(index);
        await TakeAsync(before, context.Earlier, null, cancellation);
        var after = new ConsentView(before);
        var patients = await TakeAsync(after, commit.Changes, context.NextRecord, cancellation);
        var holders = ImmutableArray.CreateBuilder<ImmutableArray<Holder>>(commit.Changes.Length);
        foreach (var change in commit.Changes)
        {
            holders.Add(await HoldersAsync(change, after, cancellation));
        }

        var changes = ImmutableArray.CreateBuilder<ShareChange>();
        foreach (var (patient, consent) in patients)
        {
            changes.AddRange(await ChangesAsync(patient, consent, before, after, commit, context, cancellation));
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
            if (SiteDisclosure.Permits(facts, change.Key.Collection, peer, SiteDisclosure.HoldingPurpose, clock.GetUtcNow(), view.For) is { } reference)
            {
                holders.Add(new Holder(peer.Name, reference, await keyring.WrapForAsync(body, peer.ExchangeKey, cancellation)));
            }
        }

        return holders.ToImmutable();
    }

    /// <summary>What each peer gains or loses of a patient's documents that stand already.</summary>
    private async ValueTask<IEnumerable<ShareChange>> ChangesAsync(
        string patient, string consent, ConsentView before, ConsentView after, Commit commit, CommitContext context, CancellationToken cancellation)
    {
        var written = commit.Changes.Select(c => c.Key).ToHashSet();
        var standing = await documents.OfAsync(patient, context.Earlier, cancellation);
        var changes = new List<ShareChange>();
        foreach (var peer in _peers)
        {
            var (granted, withdrawn) = (new List<(string Reference, SharedDocument Document)>(), new List<DocumentKey>());
            foreach (var document in standing.Where(d => !written.Contains(d.Key)))
            {
                var now = clock.GetUtcNow();
                var held = SiteDisclosure.Permits(document.Facts, document.Key.Collection, peer, SiteDisclosure.HoldingPurpose, now, before.For);
                var may = SiteDisclosure.Permits(document.Facts, document.Key.Collection, peer, SiteDisclosure.HoldingPurpose, now, after.For);
                if (may is not null && may != held)
                {
                    granted.Add((may, new SharedDocument(document.Key, document.Version, await keyring.WrapForAsync(document.Body, peer.ExchangeKey, cancellation))));
                }
                else if (may is null && held is not null)
                {
                    withdrawn.Add(document.Key);
                }
            }

            foreach (var rule in granted.GroupBy(g => g.Reference, g => g.Document))
            {
                changes.AddRange(rule.Chunk(GrantsPerChange).Select(g => new ShareChange { Peer = peer.Name, ConsentVersion = rule.Key, Granted = [.. g] }));
            }

            changes.AddRange(withdrawn.Chunk(GrantsPerChange * 16).Select(w => new ShareChange { Peer = peer.Name, ConsentVersion = consent, Withdrawn = [.. w] }));
            await RotateAsync(standing, withdrawn, cancellation);
        }

        return changes;
    }

    /// <summary>What is written after a withdrawal is sealed under a key that the peer never had.</summary>
    private async ValueTask RotateAsync(IReadOnlyList<StandingDocument> standing, List<DocumentKey> withdrawn, CancellationToken cancellation)
    {
        if (withdrawn.Count == 0)
        {
            return;
        }

        var gone = withdrawn.ToHashSet();
        foreach (var scope in standing.Where(d => gone.Contains(d.Key)).Select(d => d.Facts.KeyScope).Distinct())
        {
            await keyring.RotateAsync(scope, cancellation);
        }
    }
}
