using System.Text;

namespace EdgeMesh.Replication.Tests;

/// <summary>Short ways to open a journal and write to it.</summary>
internal static class TestJournal
{
    public static readonly JournalName ClinicA = new("clinic-a", "records", JournalName.Changes);

    public static JournalOptions Options => new()
    {
        FirstPause = TimeSpan.FromMilliseconds(1),
        DeriveDelay = TimeSpan.FromMilliseconds(1),
        StoreCallLimit = TimeSpan.FromSeconds(5),
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static Task<Journal> OpenAsync(IJournalStore store, JournalOptions? options = null, JournalName? name = null) =>
        Journal.OpenAsync(name ?? ClinicA, store, options ?? Options, Cancel);

    public static DocumentKey Key(string id) => new("Patient", id);

    public static Change Create(string id, string body = "{}") => new(Key(id), null, Bytes(body));

    public static Change Update(Document current, string body) => new(current.Key, current.Frontier, Bytes(body));

    public static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    public static Commit Commit(params Change[] changes) => new() { Changes = [.. changes] };

    public static async Task<CommitResult.Committed> WriteAsync(this Journal journal, params Change[] changes) =>
        Assert.IsType<CommitResult.Committed>(await journal.CommitAsync(Commit(changes), Cancel));

    public static async Task<string?> BodyAsync(this Journal journal, string id) =>
        await journal.GetAsync(Key(id), Cancel) is { } document ? Text(document.Body) : null;

    public static async Task<List<JournalRecord>> ReadAllAsync(this Journal journal, int page = 100)
    {
        var (records, at) = (new List<JournalRecord>(), Position.Start);
        while (true)
        {
            var stretch = await journal.ReadAsync(at, page, Cancel);
            records.AddRange(stretch.Records);
            at = stretch.Next;
            if (stretch.UpToHead)
            {
                return records;
            }
        }
    }
}
