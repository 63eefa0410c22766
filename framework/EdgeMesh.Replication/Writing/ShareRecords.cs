using EdgeMesh.Replication.Documents;
using EdgeMesh.Replication.Codec;

namespace EdgeMesh.Replication.Writing;

/// <summary>Makes records of share changes, each small enough for a row: a grant of thousands of documents becomes several.</summary>
internal static class ShareRecords
{
    private const int DocumentsPerRecord = 256;

    public static IEnumerable<Wire.ShareChange> Split(ShareChange change, BatchEffects effects)
    {
        // Withdrawals first: what is withdrawn and granted by one change ends granted, as the state does.
        foreach (var keys in change.Withdrawn.Chunk(DocumentsPerRecord))
        {
            yield return New(change, record => record.Withdrawn.Add(keys.Select(WireModel.Write)));
        }

        foreach (var grants in change.Granted.SelectMany(g => Current(g, effects)).Chunk(DocumentsPerRecord))
        {
            yield return New(change, record => record.Granted.Add(grants.Select(WireModel.Write)));
        }
    }

    private static Wire.ShareChange New(ShareChange change, Action<Wire.ShareChange> fill)
    {
        var record = new Wire.ShareChange { Peer = change.Peer, ConsentVersion = change.ConsentVersion };
        fill(record);
        return record;
    }

    /// <summary>Where the policy named no version, the current one; all of them while siblings stand.</summary>
    private static IEnumerable<SharedDocument> Current(SharedDocument grant, BatchEffects effects)
    {
        if (grant.Version is not null)
        {
            return [grant];
        }

        return effects[grant.Key]?.Current.Select(v => grant with { Version = WireModel.Read(v.Version) }) ?? [];
    }
}
