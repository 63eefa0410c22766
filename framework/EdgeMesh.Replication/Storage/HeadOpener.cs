using System.Security.Cryptography;
using EdgeMesh.Replication.Codec;
using Google.Protobuf;

namespace EdgeMesh.Replication.Storage;

/// <summary>Opens a journal's head, in a new epoch where the old one can't be trusted to be the latest.</summary>
internal static class HeadOpener
{
    private const int IdLength = 16;

    public static async ValueTask OpenAsync(GuardedRow<Wire.Head> row, EpochMarker marker, JournalOptions options, CancellationToken cancellation)
    {
        for (var attempt = 1; attempt <= options.Attempts; attempt++)
        {
            await row.LoadAsync(cancellation);
            if (row.Value is { Format: > WireModel.Current } newer)
            {
                throw new InvalidDataException($"The journal was written in format {newer.Format}; this version reads up to {WireModel.Current}. Upgrade the service.");
            }

            if (!options.IsRestored && IsLatest(row.Value, marker) || await row.WriteAsync(NewEpoch(row.Value, marker.Last), [], cancellation))
            {
                marker.Write(row.Value!, sync: true);
                return;
            }
        }

        throw new JournalUnavailableException("Another writer keeps opening this journal: one replica of a service may own it.");
    }

    /// <summary>A lost mark is as good as an old head: nobody can tell what came after it.</summary>
    private static bool IsLatest(Wire.Head? head, EpochMarker marker) =>
        head is not null && (!marker.IsKept || marker.Last?.IsReachedBy(head) == true);

    private static Wire.Head NewEpoch(Wire.Head? head, EpochMarker.Mark? mark)
    {
        var next = new Wire.Head
        {
            Format = WireModel.Current,
            Epoch = Math.Max(head?.Epoch ?? 0, mark?.Epoch ?? 0) + 1,
            Life = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(IdLength)),
            BatchId = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(IdLength)),
        };
        next.Ended.Add(head?.Ended ?? []);
        if (head is { Batch: > 0 })
        {
            next.Ended.Add(new Wire.EpochEnd { Epoch = head.Epoch, Batch = head.Batch, LastIndex = head.LastIndex });
        }

        return next;
    }
}
