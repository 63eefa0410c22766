namespace EdgeMesh.Services.Monitor.Store;

/// <summary>What waits to be forwarded.</summary>
/// <param name="Records">Log lines and spans.</param>
/// <param name="Oldest">When the oldest of them happened; null: there is none.</param>
internal sealed record OutgoingStatus(long Records, DateTimeOffset? Oldest);

/// <summary>Reads what waits to be forwarded, for whoever reports on it.</summary>
internal sealed class OutgoingReader(StoreFile file)
{
    public OutgoingStatus Read()
    {
        using var connection = file.OpenToRead();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT (SELECT count(*) FROM outgoing) + (SELECT coalesce(sum(records), 0) FROM parcel), (SELECT min(row) FROM outgoing)";
        using var reader = command.ExecuteReader();
        reader.Read();
        return new(reader.GetInt64(0), reader.IsDBNull(1) ? null : TimedIds.Time(reader.GetInt64(1)));
    }
}
