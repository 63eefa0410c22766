using System.Collections.Immutable;
using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Resources;

namespace EdgeMesh.Services.Records.Sharing;

/// <summary>A document of a patient that stands when a consent changes.</summary>
/// <param name="Key">Which.</param>
/// <param name="Version">Its version; null when it stands in the batch that is being written.</param>
/// <param name="Facts">What decides.</param>
/// <param name="Body">Its sealed body, which names the data key.</param>
internal sealed record StandingDocument(DocumentKey Key, VersionId? Version, ResourceFacts Facts, ReadOnlyMemory<byte> Body)
{
    /// <summary>Who may hold it by the durable journal; an earlier commit of the batch may have changed that.</summary>
    public ImmutableArray<DocumentShare> Shares { get; init; } = [];

    /// <summary>The terms under which a peer holds it; null: it does not.</summary>
    public string? HeldBy(string peer) => Shares.FirstOrDefault(s => s.Peer == peer)?.ConsentVersion;
}

/// <summary>Finds what a patient's consent is about: by the projection for what is durable, by the batch for what is not yet.</summary>
/// <param name="keyring">Opens bodies.</param>
/// <param name="journal">The change journal; it is opened with the policy that uses this, so it comes later.</param>
/// <param name="reach">Returns once projection and consent index have applied everything up to a position.</param>
/// <param name="find">The keys of the patient's live documents that this site owns, by the projection.</param>
internal sealed class PatientDocuments(
    Keyring.Keyring keyring, Func<Journal> journal, Func<Position, CancellationToken, Task> reach, Func<string, IReadOnlyList<DocumentKey>> find)
{
    public Task ReachAsync(Position position, CancellationToken cancellation) => reach(position, cancellation);

    public async ValueTask<IReadOnlyList<StandingDocument>> OfAsync(string patient, IReadOnlyList<Change> earlier, CancellationToken cancellation)
    {
        var standing = new Dictionary<DocumentKey, StandingDocument>();
        foreach (var document in (await journal().GetManyAsync(find(patient), cancellation)).OfType<Document>().Where(d => !d.Deleted))
        {
            if (await FactsAsync(document.Key, document.Body, cancellation) is { } facts)
            {
                standing[document.Key] = new StandingDocument(document.Key, document.Version, facts, document.Body) { Shares = document.Shares };
            }
        }

        foreach (var change in earlier)
        {
            standing.Remove(change.Key, out var durable);
            if (!change.Deleted && await FactsAsync(change.Key, change.Body, cancellation) is { } facts && facts.Patients.Contains(patient))
            {
                standing[change.Key] = new StandingDocument(change.Key, null, facts, change.Body) { Shares = durable?.Shares ?? [] };
            }
        }

        return [.. standing.Values];
    }

    /// <summary>A document as it stands before a commit; null when it is not there, or is a tombstone.</summary>
    public async ValueTask<StandingDocument?> StandingAsync(DocumentKey key, IReadOnlyList<Change> earlier, CancellationToken cancellation)
    {
        var (current, pending) = (await journal().GetAsync(key, cancellation), earlier.LastOrDefault(c => c.Key == key));
        var (deleted, body) = pending is null ? (current is null or { Deleted: true }, current?.Body ?? default) : (pending.Deleted, pending.Body);
        return !deleted && await FactsAsync(key, body, cancellation) is { } facts
            ? new StandingDocument(key, pending is null ? current!.Version : null, facts, body) { Shares = current?.Shares ?? [] }
            : null;
    }

    /// <summary>The facts inside a sealed body; null when its key was destroyed.</summary>
    public async ValueTask<ResourceFacts?> FactsAsync(DocumentKey key, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        var opened = await keyring.OpenAsync(body, StoredBody.AssociatedData(key), cancellation);
        return opened.Failure is null ? StoredBody.Decode(opened.Plaintext).Facts : null;
    }

    /// <summary>The durable version before a tombstone.</summary>
    public async ValueTask<(ReadOnlyMemory<byte> Body, ResourceFacts? Facts)> CurrentAsync(DocumentKey key, CancellationToken cancellation)
    {
        var current = await journal().GetAsync(key, cancellation);
        return current is { Deleted: false } ? (current.Body, await FactsAsync(key, current.Body, cancellation)) : (default, null);
    }
}
