using System.Globalization;
using System.Text;
using EdgeMesh.Hosting;
using EdgeMesh.Replication;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Services.Records.Audit;

/// <summary>How far a journal's events are in the ledger.</summary>
/// <param name="Position">The journal's position.</param>
/// <param name="Sequence">The sequence of the next event.</param>
internal sealed record AuditPosition(Position Position, long Sequence);

/// <summary>Keeps how far the ledger is fed (in <c>heads</c>, because a lost sequence could not be found again), and where each event is
/// in the ledger (a local file that receipts read; without it they say that the event is logged, and not where).</summary>
internal sealed class AuditProgress : IDisposable
{
    private readonly IJournalStore _store;
    private readonly string _site;
    private readonly SqliteConnection _file;
    private readonly Lock _gate = new();

    public AuditProgress(SiteIdentity identity, IJournalStore store)
    {
        (_store, _site) = (store, identity.Site);
        Directory.CreateDirectory(identity.DataDirectory);
        _file = new SqliteConnection($"Data Source={Path.Combine(identity.DataDirectory, "receipts.db")};Pooling=False");
        _file.Open();
        Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; CREATE TABLE IF NOT EXISTS logged (event TEXT PRIMARY KEY, entry INTEGER NOT NULL) WITHOUT ROWID;");
    }

    public async ValueTask<AuditPosition> LoadAsync(JournalName journal, CancellationToken cancellation)
    {
        var row = await _store.GetRowAsync(Row(journal), cancellation);
        var parts = row is null ? [] : Encoding.ASCII.GetString(row.Value.Span).Split(' ');
        return parts.Length == 2 && Position.TryParse(parts[0], out var position)
            ? new AuditPosition(position, long.Parse(parts[1], CultureInfo.InvariantCulture))
            : new AuditPosition(Position.Start, 0);
    }

    public async ValueTask SaveAsync(JournalName journal, AuditPosition at, CancellationToken cancellation)
    {
        var value = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{at.Position} {at.Sequence}"));
        await _store.TransactAsync([new RowWrite(Row(journal), value, RowGuard.None)], cancellation);
    }

    public void Remember(JournalName journal, IEnumerable<Position> events, long first)
    {
        lock (_gate)
        {
            using var transaction = _file.BeginTransaction();
            using var command = _file.CreateCommand();
            command.CommandText = "INSERT OR REPLACE INTO logged (event, entry) VALUES ($event, $entry)";
            var (name, entry) = (command.Parameters.Add("$event", SqliteType.Text), command.Parameters.Add("$entry", SqliteType.Integer));
            foreach (var at in events)
            {
                (name.Value, entry.Value) = ($"{journal.Kind}/{at}", first++);
                command.ExecuteNonQuery();
            }

            transaction.Commit();
        }
    }

    /// <summary>The ledger's index of an event; null: not logged yet, or not known here.</summary>
    public long? IndexOf(JournalName journal, Position at)
    {
        lock (_gate)
        {
            using var command = _file.CreateCommand();
            command.CommandText = "SELECT entry FROM logged WHERE event = $event";
            command.Parameters.AddWithValue("$event", $"{journal.Kind}/{at}");
            return (long?)command.ExecuteScalar();
        }
    }

    public void Dispose() => _file.Dispose();

    private void Execute(string sql)
    {
        using var command = _file.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private string Row(JournalName journal) => $"{_site}/audit/{journal.Kind}";
}
