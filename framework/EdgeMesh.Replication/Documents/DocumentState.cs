using System.Collections.Immutable;
using EdgeMesh.Replication.Codec;

namespace EdgeMesh.Replication.Documents;

/// <summary>What is current of a document, as a function of the records before: the writer plans with it, and recovery derives with it.
/// A state is replaced as a whole, never changed in place.</summary>
internal static class DocumentState
{
    /// <summary>Whether a document is there (a tombstone is).</summary>
    public static bool Exists(Wire.DocumentHead? head) => head is { Current.Count: > 0 };

    /// <summary>What a change must name as its base; null when there is no document.</summary>
    public static VersionVector? Frontier(Wire.DocumentHead? head) => Exists(head)
        ? head!.Current.Select(WireModel.Vector).Aggregate((left, right) => left.Merge(right))
        : null;

    /// <summary>A new version, local or foreign. Versions that it descends from are history, others stay beside it.</summary>
    public static Wire.DocumentHead WithVersion(Wire.DocumentHead? head, Wire.Record record, Position at)
    {
        var next = Next(head, at);
        var vector = WireModel.Vector(record.Document);
        var siblings = next.Current.Where(v => !vector.Includes(WireModel.Vector(v))).Append(record.Document).ToList();
        // The same order at every site, whichever version came first.
        siblings.Sort((left, right) => Compare(left.Version, right.Version));
        next.Current.Clear();
        next.Current.Add(siblings);
        next.Last = WireModel.Write(at);
        foreach (var holder in record.Holders)
        {
            Hold(next, holder.Peer, holder.ConsentVersion, at);
        }

        return next;
    }

    /// <summary>A peer may hold the document from here on.</summary>
    public static Wire.DocumentHead Granted(Wire.DocumentHead head, string peer, string consentVersion, Position at)
    {
        var next = Next(head, at);
        Hold(next, peer, consentVersion, at);
        return next;
    }

    /// <summary>A peer may not hold the document from here on.</summary>
    public static Wire.DocumentHead Revoked(Wire.DocumentHead head, string peer, Position at)
    {
        var next = Next(head, at);
        if (Find(next, peer) is { Until: null } share)
        {
            share.Until = WireModel.Write(at);
        }

        return next;
    }

    /// <summary>A copy was withdrawn by its owner: all its versions are gone.</summary>
    public static Wire.DocumentHead Withdrawn(Wire.DocumentHead? head, Position at)
    {
        var next = Next(head, at);
        next.Current.Clear();
        next.Shares.Clear();
        next.Last = null;
        next.Withdrawn = WireModel.Write(at);
        return next;
    }

    /// <summary>Whether a peer may hold what was recorded at a position: it may hold the document now, and has been allowed to ever since.</summary>
    public static bool IsHeldSince(Wire.DocumentHead? head, string peer, Position at) =>
        head is not null && Find(head, peer) is { Until: null } share && WireModel.Read(share.Since) <= at;

    /// <summary>Whether a peer may hold the document, or once might.</summary>
    public static bool WasShared(Wire.DocumentHead? head, string peer) => head is not null && Find(head, peer) is not null;

    /// <summary>The peers that may hold the document now.</summary>
    public static ImmutableArray<DocumentShare> Shares(Wire.DocumentHead head) =>
        [.. head.Shares.Where(s => s.Until is null).Select(s => new DocumentShare(s.Peer, s.ConsentVersion))];

    private static Wire.DocumentHead Next(Wire.DocumentHead? head, Position at)
    {
        var next = head?.Clone() ?? new Wire.DocumentHead();
        next.Format = WireModel.Current;
        next.At = WireModel.Write(at);
        return next;
    }

    private static void Hold(Wire.DocumentHead head, string peer, string consentVersion, Position at)
    {
        var share = Find(head, peer);
        if (share is null)
        {
            head.Shares.Add(share = new Wire.Share { Peer = peer, Since = WireModel.Write(at) });
        }

        if (share.Until is not null)
        {
            (share.Since, share.Until) = (WireModel.Write(at), null);
        }

        share.ConsentVersion = consentVersion;
    }

    private static Wire.Share? Find(Wire.DocumentHead head, string peer) => head.Shares.FirstOrDefault(s => s.Peer == peer);

    private static int Compare(Wire.Version left, Wire.Version right) =>
        string.CompareOrdinal(left.Site, right.Site) is var site and not 0 ? site : WireModel.Read(left.At).CompareTo(WireModel.Read(right.At));
}
