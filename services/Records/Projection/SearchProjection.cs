using EdgeMesh.Keyring;
using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Indexing;
using EdgeMesh.Services.Records.Resources;

namespace EdgeMesh.Services.Records.Projection;

/// <summary>The search index: a follower of the change journal. Its position is written with its rows, so a crash repeats nothing; the
/// file may be deleted at any time.</summary>
internal sealed partial class SearchProjection(
    ProjectionWriter writer, ResourceVault vault, ExtractionCache cache, Func<Position> head, ILogger<SearchProjection> logger) : IFollower
{
    public string Name => "search";

    public ValueTask<Position> GetPositionAsync(CancellationToken cancellation)
    {
        var position = writer.ReadPosition();
        if (position > head())
        {
            // The journal went back to a backup: its tail, which this file has, may have had another history.
            writer.Clear();
            position = Position.Start;
        }

        return new ValueTask<Position>(position);
    }

    public async ValueTask ApplyAsync(JournalPage page, CancellationToken cancellation)
    {
        var changes = new List<RowChange>(page.Records.Length);
        foreach (var record in page.Records)
        {
            switch (record)
            {
                case { Kind: RecordKind.Changed or RecordKind.Applied, Document: { } document }:
                    changes.Add(await IndexAsync(record, document, cancellation));
                    break;
                case { Kind: RecordKind.Withdrawn, WithdrawnKey: { } key }:
                    changes.Add(new RowChange(key, "", record.RecordedAt.UtcTicks, "", RowState.Withdrawn, null));
                    break;
            }
        }

        writer.Write(changes, page.Next);
    }

    private async ValueTask<RowChange> IndexAsync(JournalRecord record, Document document, CancellationToken cancellation)
    {
        if (record.WrappedKey.Length > 0)
        {
            await vault.ImportKeyAsync(record.WrappedKey, cancellation);
        }

        if (document.Deleted)
        {
            return Row(document, RowState.Deleted, null);
        }

        if (cache.Take(document.Body.Span) is { } known)
        {
            return Row(document, RowState.Live, known);
        }

        var opened = await vault.OpenAsync(document, cancellation);
        if (opened.Failure is { } failure)
        {
            if (failure == OpenFailure.Tampered)
            {
                LogTampered(logger, document.Key.Collection, document.Version.ToString());
            }

            // Withdrawn or erased since, or damaged: nobody can read it, so nobody shall find it.
            return Row(document, RowState.Withdrawn, null);
        }

        return Row(document, RowState.Live, vault.Index(opened.Json.Span));
    }

    private static RowChange Row(Document document, RowState state, IndexEntry? entry) =>
        new(document.Key, document.Version.ToString(), document.RecordedAt.UtcTicks, document.OwnerSite, state, entry, document.HeldUnder);

    [LoggerMessage(LogLevel.Critical, "The stored {ResourceType} of version {Version} was altered: it is taken out of the index. Restore the component bodies from a backup.")]
    private static partial void LogTampered(ILogger logger, string resourceType, string version);
}
