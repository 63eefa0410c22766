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
/// in the ledger and whom it is about, under a pseudonym (a local file; without it receipts say that the event is logged, and not where).</summary>
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
        Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; CREATE TABLE IF NOT EXISTS logged (event TEXT PRIMARY KEY, entry INTEGER NOT NULL, patient BLOB NOT NULL) WITHOUT ROWID; CREATE INDEX IF NOT EXISTS by_patient ON logged (patient, entry);");
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

    public void Remember(JournalName journal, IEnumerable<JournalRecord> events, long first)
    {
        lock (_gate)
        {
            using var transaction = _file.BeginTransaction();
            using var command = _file.CreateCommand();
            command.CommandText = "INSERT OR REPLACE INTO logged (event, entry, patient) VALUES ($event, $entry, $patient)";
            var (name, entry, patient) = (command.Parameters.Add("$event", SqliteType.Text), command.Parameters.Add("$entry", SqliteType.Integer), command.Parameters.Add("$patient", SqliteType.Blob));
            foreach (var record in events)
            {
                (name.Value, entry.Value, patient.Value) = (Name(journal, record.At), first++, AuditEntry.PatientOf(record.Event).ToArray());
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
            command.Parameters.AddWithValue("$event", Name(journal, at));
            return (long?)command.ExecuteScalar();
        }
    }

    /// <summary>The newest events about a patient: journal kind and position, newest first.</summary>
    public IReadOnlyList<(string Kind, Position At)> OfPatient(string pseudonym, int limit)
    {
        lock (_gate)
        {
            using var command = _file.CreateCommand();
            command.CommandText = "SELECT event FROM logged WHERE patient = $patient ORDER BY entry DESC LIMIT $limit";
            command.Parameters.AddWithValue("$patient", Convert.FromHexString(pseudonym));
            command.Parameters.AddWithValue("$limit", limit);
            using var rows = command.ExecuteReader();
            var events = new List<(string, Position)>();
            while (rows.Read())
            {
                var name = rows.GetString(0);
                var slash = name.IndexOf('/', StringComparison.Ordinal);
                events.Add((name[..slash], Position.TryParse(name[(slash + 1)..], out var at) ? at : default));
            }

            return events;
        }
    }

    private static string Name(JournalName journal, Position at) => $"{journal.Kind}/{at}";

    public void Dispose() => _file.Dispose();

    private void Execute(string sql)
    {
        using var command = _file.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private string Row(JournalName journal) => $"{_site}/audit/{journal.Kind}";
}
