using System.Collections.Immutable;
using Wire = EdgeMesh.Replication.Wire;

namespace EdgeMesh.Replication;

/// <summary>Something that waits for the writer. Planned (perhaps several times, after a lost race), then answered once.</summary>
internal abstract class Work
{
    /// <summary>How many records it adds at most.</summary>
    public abstract int Records { get; }

    public abstract ValueTask PlanAsync(BatchBuilder builder, DocumentHeads heads, BatchLog log, JournalOptions options);

    public abstract void Complete();

    public abstract void Fail(Exception error);
}

/// <summary>A local commit.</summary>
internal sealed class CommitWork(Commit commit, JournalKeys keys, CancellationToken cancellation) : Work
{
    private readonly TaskCompletionSource<CommitResult> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CommitResult? _result;

    public Task<CommitResult> Done => _done.Task;

    public override int Records => commit.Changes.Length + commit.Events.Length + 16;

    public override async ValueTask PlanAsync(BatchBuilder builder, DocumentHeads heads, BatchLog log, JournalOptions options)
    {
        _result = await DecideAsync(builder, heads, log);
        if (_result is not null)
        {
            return;
        }

        var plan = await options.SharePolicy.PlanAsync(commit, builder.Context, cancellation);
        var documents = builder.Add(commit, plan);
        _result = new CommitResult.Committed(new Position(builder.Epoch, builder.Number, builder.NextIndex - 1), documents, false);
    }

    private async ValueTask<CommitResult?> DecideAsync(BatchBuilder builder, DocumentHeads heads, BatchLog log)
    {
        if (commit.IdempotencyKey is { } key && await RepeatedAsync(key, builder, heads, log) is { } repeated)
        {
            return repeated;
        }

        foreach (var change in commit.Changes)
        {
            var head = await builder.HeadAsync(change.Key, heads, cancellation);
            var current = head is null ? null : VectorOf(head);
            if (!Equals(current, change.Base))
            {
                return new CommitResult.Stale(change.Key, head is null ? null : await ReadAsync(head, log, cancellation));
            }
        }

        if (commit.Precondition is { } precondition && await precondition(builder.Context, cancellation) is { IsEmpty: false } matches)
        {
            return new CommitResult.PreconditionFailed(matches);
        }

        return null;
    }

    private async ValueTask<CommitResult?> RepeatedAsync(string key, BatchBuilder builder, DocumentHeads heads, BatchLog log)
    {
        var name = keys.Idempotency(key);
        if (builder.Batch.Idempotency.FirstOrDefault(i => i.Key == name) is { } inBatch)
        {
            return await AnswerAsync(builder.Batch, builder.Epoch, builder.Number, inBatch.First, inBatch.Last, log);
        }

        if (await heads.FindRowAsync(name, cancellation) is not { } bytes)
        {
            return null;
        }

        var row = Wire.IdempotencyRow.Parser.ParseFrom(bytes);
        return await AnswerAsync(await log.ReadAsync(row.Epoch, row.Batch, cancellation), row.Epoch, row.Batch, row.First, row.Last, log);
    }

    private async ValueTask<CommitResult> AnswerAsync(Wire.Batch batch, uint epoch, long number, int first, int last, BatchLog log)
    {
        var documents = ImmutableArray.CreateBuilder<Document>();
        for (var i = first; i <= last; i++)
        {
            if (batch.Records[i] is { Kind: (int)RecordKind.Changed } record)
            {
                documents.Add(Codec.FromWire(record.Document, await log.BodyAsync(record.Document, cancellation)));
            }
        }

        return new CommitResult.Committed(new Position(epoch, number, last), documents.ToImmutable(), true);
    }

    /// <summary>What a change must name as its base: while siblings stand, all of them.</summary>
    private static VersionVector VectorOf(Wire.DocumentHead head) =>
        head.Current.Select(v => Codec.FromWire(v.Vector)).Aggregate((a, b) => a.Merge(b));

    public static async ValueTask<Document> ReadAsync(Wire.DocumentHead head, BatchLog log, CancellationToken cancellation)
    {
        var versions = new List<Document>(head.Current.Count);
        foreach (var version in head.Current)
        {
            versions.Add(Codec.FromWire(version, await log.BodyAsync(version, cancellation)));
        }

        return versions.Count == 1
            ? versions[0]
            : versions[0] with { Siblings = [.. versions.Skip(1)], Vector = versions.Select(v => v.Vector).Aggregate((a, b) => a.Merge(b)) };
    }

    public override void Complete() => _done.TrySetResult(_result!);

    public override void Fail(Exception error) => _done.TrySetException(error);
}

/// <summary>A page of a foreign feed.</summary>
internal sealed class ApplyWork(JournalName journal, Wire.FeedPage page, JournalKeys keys) : Work
{
    private readonly TaskCompletionSource<bool> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _applied;

    /// <summary>False: the feed's position was past this page already.</summary>
    public Task<bool> Done => _done.Task;

    public override int Records => page.Records.Sum(r => 1 + (r.Record.Share?.Withdrawn.Count ?? 0) + (r.Record.Share?.Granted.Count ?? 0)) + 1;

    public override async ValueTask PlanAsync(BatchBuilder builder, DocumentHeads heads, BatchLog log, JournalOptions options)
    {
        var name = journal.ToString();
        var stands = await heads.FindRowAsync(keys.Feed(name), CancellationToken.None) is { } row
            ? Codec.ReadPosition(Wire.PositionRow.Parser.ParseFrom(row).Position)
            : Position.Start;
        _applied = Codec.ReadPosition(page.UpTo) > stands;
        if (!_applied)
        {
            return;
        }

        foreach (var record in page.Records)
        {
            await PlanAsync(record.Record, builder, heads, options);
        }

        builder.AddFeedPosition(name, page.UpTo);
    }

    private async ValueTask PlanAsync(Wire.Record record, BatchBuilder builder, DocumentHeads heads, JournalOptions options)
    {
        foreach (var key in record.Share?.Withdrawn.Select(Codec.FromWire) ?? [])
        {
            if (await builder.HeadAsync(key, heads, CancellationToken.None) is { } held)
            {
                builder.AddWithdrawal(key, held);
            }
        }

        if (record.Document is not { } version)
        {
            return;
        }

        var documentKey = Codec.FromWire(version.Key);
        var orders = (await builder.HeadAsync(documentKey, heads, CancellationToken.None))?.Current
            .Select(v => Codec.FromWire(version.Vector).CompareTo(Codec.FromWire(v.Vector))).ToArray() ?? [];
        if (orders.Contains(VectorOrder.Unrelated))
        {
            options.OnUnrelated?.Invoke(documentKey, journal.Site);
        }
        else if (!orders.Any(o => o is VectorOrder.Equal or VectorOrder.Before))
        {
            builder.AddForeign(version, record.WrappedKey);
        }
    }

    public override void Complete() => _done.TrySetResult(_applied);

    public override void Fail(Exception error) => _done.TrySetException(error);
}
