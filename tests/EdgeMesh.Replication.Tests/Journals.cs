using System.Collections.Immutable;
using System.Text;

namespace EdgeMesh.Replication.Tests;

/// <summary>What the journal tests share.</summary>
internal static class Journals
{
    public static readonly JournalName Name = new("clinic-a", "records", JournalName.Changes);

    public static Task<Journal> OpenAsync(IJournalStore store, JournalOptions? options = null, JournalName? name = null) =>
        Journal.OpenAsync(name ?? Name, store, options ?? new JournalOptions(), CancellationToken.None);

    public static DocumentKey Key(int number, string site = "clinic-a") => new("Patient", $"{site}-{number}");

    public static Commit Put(DocumentKey key, string body, VersionVector? basedOn = null, string? idempotency = null) =>
        new() { Changes = [new Change(key, basedOn, Encoding.UTF8.GetBytes(body))], IdempotencyKey = idempotency };

    public static async Task<CommitResult.Committed> CommittedAsync(this Journal journal, Commit commit) =>
        Assert.IsType<CommitResult.Committed>(await journal.CommitAsync(commit, CancellationToken.None));

    public static string Text(this Document? document) => Encoding.UTF8.GetString((document?.Body ?? default).Span);

    public static async Task<ImmutableArray<JournalRecord>> AllAsync(this Journal journal)
    {
        var (all, after) = (ImmutableArray.CreateBuilder<JournalRecord>(), Position.Start);
        while (true)
        {
            var page = await journal.ReadAsync(after, 100, CancellationToken.None);
            if (page.Records.IsEmpty)
            {
                return all.ToImmutable();
            }

            all.AddRange(page.Records);
            after = page.Next;
        }
    }
}
