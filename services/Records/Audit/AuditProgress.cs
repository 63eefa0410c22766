using System.Globalization;
using System.Text;
using EdgeMesh.Hosting;
using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Projection;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Services.Records.Audit;

/// <summary>How far a journal's events are in the ledger.</summary>
/// <param name="Position">The journal's position.</param>
/// <param name="Sequence">The sequence of the next event.</param>
internal sealed record AuditPosition(Position Position, long Sequence);

/// <summary>Keeps how far the ledger is fed (in <c>heads</c>, because a lost sequence could not be found again), and in a local file where each
/// event is in the ledger and whom it is about, under a pseudonym. The file holds the position too, written behind its rows: what a power
/// cut or a deletion took from it is fed again, and the ledger answers where it is.</summary>
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
        var path = Path.Combine(identity.DataDirectory, "receipts.db");
        try
        {
            _file = Open(path);
        }
        catch (SqliteException error) when (RebuildableFile.IsDamaged(error))
        {
            // Rebuilt from the ledger.
            RebuildableFile.Delete(path);
            _file = Open(path);
        }
    }

    /// <summary>Where to go on: the lower of the store's position and the file's.</summary>
    public async ValueTask<AuditPosition> LoadAsync(JournalName journal, CancellationToken cancellation)
    {
        var row = await _store.GetRowAsync(Row(journal), cancellation);
        var stored = Read(row is null ? null : Encoding.ASCII.GetString(row.Value.Span));
        var held = Read(HeldPosition(journal));
        return held.Position < stored.Position ? held : stored;
    }

    public async ValueTask SaveAsync(JournalName journal, AuditPosition at, CancellationToken cancellation)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{at.Position} {at.Sequence}");
        Hold(journal, text);
        await _store.TransactAsync([new RowWrite(Row(journal), Encoding.ASCII.GetBytes(text), RowGuard.None)], cancellation);
    }

    /// <summary>Keeps where events are in the ledger.</summary>
    public void Remember(JournalName journal, IEnumerable<(JournalRecord Event, long Entry)> logged)
    {
        lock (_gate)
        {
            using var transaction = _file.BeginTransaction();
            using var command = _file.CreateCommand();
            command.CommandText = "INSERT OR REPLACE INTO logged (event, entry, patient) VALUES ($event, $entry, $patient)";
            var (name, entry, patient) = (command.Parameters.Add("$event", SqliteType.Text), command.Parameters.Add("$entry", SqliteType.Integer), command.Parameters.Add("$patient", SqliteType.Blob));
            foreach (var (record, index) in logged)
            {
                (name.Value, entry.Value, patient.Value) = (Name(journal, record.At), index, AuditEntry.PatientOf(record.Event).ToArray());
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

    /// <summary>The newest events about a patient whose ledger entries are before <paramref name="before"/>: journal kind, position and entry,
    /// newest first.</summary>
    public IReadOnlyList<(string Kind, Position At, long Entry)> OfPatient(string pseudonym, long before, int limit)
    {
        lock (_gate)
        {
            using var command = _file.CreateCommand();
            command.CommandText = "SELECT event, entry FROM logged WHERE patient = $patient AND entry < $before ORDER BY entry DESC LIMIT $limit";
            command.Parameters.AddWithValue("$patient", Convert.FromHexString(pseudonym));
            command.Parameters.AddWithValue("$before", before);
            command.Parameters.AddWithValue("$limit", limit);
            using var rows = command.ExecuteReader();
            var events = new List<(string, Position, long)>();
            while (rows.Read())
            {
                var name = rows.GetString(0);
                var slash = name.IndexOf('/', StringComparison.Ordinal);
                events.Add((name[..slash], Position.TryParse(name[(slash + 1)..], out var at) ? at : default, rows.GetInt64(1)));
            }

            return events;
        }
    }

    private static string Name(JournalName journal, Position at) => $"{journal.Kind}/{at}";

    public void Dispose() => _file.Dispose();

    private static SqliteConnection Open(string path)
    {
        var file = new SqliteConnection($"Data Source={path};Pooling=False");
        try
        {
            file.Open();
            using var command = file.CreateCommand();
            command.CommandText = """
                PRAGMA journal_mode = WAL;
                PRAGMA synchronous = NORMAL;
                CREATE TABLE IF NOT EXISTS logged (event TEXT PRIMARY KEY, entry INTEGER NOT NULL, patient BLOB NOT NULL) WITHOUT ROWID;
                CREATE INDEX IF NOT EXISTS by_patient ON logged (patient, entry);
                CREATE TABLE IF NOT EXISTS fed (journal TEXT PRIMARY KEY, position TEXT NOT NULL) WITHOUT ROWID;
                """;
            command.ExecuteNonQuery();
            return file;
        }
        catch (SqliteException)
        {
            file.Dispose();
            throw;
        }
    }

    private void Hold(JournalName journal, string position)
    {
        lock (_gate)
        {
            using var command = _file.CreateCommand();
            command.CommandText = "INSERT OR REPLACE INTO fed (journal, position) VALUES ($journal, $position)";
            command.Parameters.AddWithValue("$journal", journal.Kind);
            command.Parameters.AddWithValue("$position", position);
            command.ExecuteNonQuery();
        }
    }

    private string? HeldPosition(JournalName journal)
    {
        lock (_gate)
        {
            using var command = _file.CreateCommand();
            command.CommandText = "SELECT position FROM fed WHERE journal = $journal";
            command.Parameters.AddWithValue("$journal", journal.Kind);
            return (string?)command.ExecuteScalar();
        }
    }

    private static AuditPosition Read(string? text) =>
        text?.Split(' ') is [var place, var sequence] && Position.TryParse(place, out var position)
            ? new AuditPosition(position, long.Parse(sequence, CultureInfo.InvariantCulture))
            : new AuditPosition(Position.Start, 0);

    private string Row(JournalName journal) => $"{_site}/audit/{journal.Kind}";
}
