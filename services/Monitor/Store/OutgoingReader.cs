namespace EdgeMesh.Services.Monitor.Store;

/// <summary>What waits to be forwarded.</summary>
/// <param name="Records">Log lines and spans.</param>
/// <param name="Bytes">Parcels as they are, and about the size of the rows before they are packed, by a sample of them.</param>
/// <param name="Oldest">When the oldest that is in no parcel happened; null: there is none.</param>
/// <param name="Parcel">The number of the parcel that is next; null: none is packed.</param>
internal sealed record OutgoingStatus(long Records, long Bytes, DateTimeOffset? Oldest, long? Parcel = null);

/// <summary>Reads what waits to be forwarded, for whoever reports on it.</summary>
internal sealed class OutgoingReader(StoreFile file)
{
    /// <summary>Rows whose size is looked at.</summary>
    private const int Sample = 200;

    public OutgoingStatus Read()
    {
        using var connection = file.OpenToRead();
        using var command = connection.CreateCommand();
        command.CommandText = $"""
            SELECT (SELECT count(*) FROM outgoing), (SELECT coalesce(sum(records), 0) FROM parcel), (SELECT coalesce(sum(length(body)), 0) FROM parcel), (SELECT min(row) FROM outgoing),
                (SELECT coalesce(avg(size), 0) FROM (
                    SELECT coalesce(length(log.message) + length(log.fields), length(span.name) + length(span.attributes) + length(span.links), 0) AS size FROM outgoing
                    LEFT JOIN log ON outgoing.kind = {OutgoingRows.LogKind} AND log.id = outgoing.row LEFT JOIN span ON outgoing.kind = {OutgoingRows.SpanKind} AND span.id = outgoing.row LIMIT {Sample})),
                (SELECT min(sequence) FROM parcel)
            """;
        using var reader = command.ExecuteReader();
        reader.Read();
        var (rows, packed) = (reader.GetInt64(0), reader.GetInt64(1));
        return new(rows + packed, reader.GetInt64(2) + (long)(rows * reader.GetDouble(4)), reader.IsDBNull(3) ? null : TimedIds.Time(reader.GetInt64(3)), reader.IsDBNull(5) ? null : reader.GetInt64(5));
    }
}
