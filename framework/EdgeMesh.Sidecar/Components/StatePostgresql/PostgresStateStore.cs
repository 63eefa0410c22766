using Npgsql;

namespace EdgeMesh.Sidecar.Components.StatePostgresql;

/// <summary>State in daprd's own PostgreSQL table (version 2 of the component), prefix and value encoding: what one engine wrote the other
/// reads, replaces by ETag and deletes. A transaction is all or nothing, under a stale ETag too.</summary>
internal sealed class PostgresStateStore : IStateStore, IServerDriver
{
    private readonly PostgresStateSettings _settings;
    private readonly NpgsqlDataSource _source;
    private readonly StateStatements _statements;
    private readonly ITimer? _cleanup;

    public PostgresStateStore(ComponentSpec spec, ComponentContext context)
    {
        _settings = PostgresStateSettings.Read(spec);
        _statements = new StateStatements(_settings.Table);
        _source = NpgsqlDataSource.Create(_settings.ConnectionString);
        _cleanup = _settings.CleanupInterval is { } interval ? context.Clock.CreateTimer(_ => _ = RemoveExpiredAsync(interval), null, interval, interval) : null;
    }

    public Task ConnectAsync(CancellationToken cancellation) => StateSchema.MakeAsync(_source, _settings, cancellation);

    public async Task<StateItem?> GetAsync(string key, CancellationToken cancellation)
    {
        await using var command = _source.CreateCommand(_statements.Get);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        return await reader.ReadAsync(cancellation) ? Item(reader) : null;
    }

    public async Task<IReadOnlyList<StateItem?>> GetManyAsync(IReadOnlyList<string> keys, CancellationToken cancellation)
    {
        await using var command = _source.CreateCommand(_statements.GetMany);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. keys] });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var found = new Dictionary<string, StateItem>(keys.Count, StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellation))
        {
            found[reader.GetString(3)] = Item(reader);
        }

        return [.. keys.Select(k => found.GetValueOrDefault(k))];
    }

    private static StateItem Item(NpgsqlDataReader row) => new(row.GetFieldValue<byte[]>(0), row.GetGuid(1).ToString())
    {
        ExpiresAt = row.IsDBNull(2) ? null : new DateTimeOffset(row.GetDateTime(2)),
    };

    public async Task<StateOutcome> WriteAsync(StateWrite write, CancellationToken cancellation)
    {
        await using var command = _source.CreateCommand();
        if (_statements.Text(write, command.Parameters) is not { } text)
        {
            return StateOutcome.ETagMismatch;
        }

        command.CommandText = text;
        return StateStatements.Outcome(write, await command.ExecuteNonQueryAsync(cancellation));
    }

    /// <summary>All statements travel together, and the outcome of all decides between commit and rollback: two round trips, whatever the count.</summary>
    public async Task<StateOutcome> TransactAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancellation)
    {
        if (writes.Count == 1)
        {
            return await WriteAsync(writes[0], cancellation);
        }

        await using var connection = await _source.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await using var batch = new NpgsqlBatch(connection, transaction);
        foreach (var write in writes)
        {
            var command = new NpgsqlBatchCommand();
            if (_statements.Text(write, command.Parameters) is not { } text)
            {
                return StateOutcome.ETagMismatch;
            }

            command.CommandText = text;
            batch.BatchCommands.Add(command);
        }

        await batch.ExecuteNonQueryAsync(cancellation);
        for (var i = 0; i < writes.Count; i++)
        {
            if (StateStatements.Outcome(writes[i], batch.BatchCommands[i].RecordsAffected) is var outcome and not StateOutcome.Done)
            {
                // Leaving the transaction undoes it.
                return outcome;
            }
        }

        await transaction.CommitAsync(cancellation);
        return StateOutcome.Done;
    }

    private async Task RemoveExpiredAsync(TimeSpan interval)
    {
        try
        {
            await using var take = _source.CreateCommand(StateSchema.TakeCleanup(_settings));
            // A little less than the interval, or every second round would find its own mark too young.
            take.Parameters.Add(new NpgsqlParameter<double> { TypedValue = interval.TotalSeconds * 0.9 });
            if (await take.ExecuteNonQueryAsync() > 0)
            {
                await using var remove = _source.CreateCommand(_statements.RemoveExpired);
                await remove.ExecuteNonQueryAsync();
            }
        }
        catch (Exception error) when (error is NpgsqlException or ObjectDisposedException)
        {
            // Expired rows are never read; the next round deletes them.
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_cleanup is not null)
        {
            await _cleanup.DisposeAsync();
        }

        await _source.DisposeAsync();
    }
}
