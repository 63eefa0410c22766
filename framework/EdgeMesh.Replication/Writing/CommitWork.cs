using System.Collections.Immutable;
using EdgeMesh.Replication.Documents;
using EdgeMesh.Replication.Codec;
using EdgeMesh.Replication.Storage;

namespace EdgeMesh.Replication.Writing;

/// <summary>A local commit.</summary>
internal sealed class CommitWork(Commit commit, JournalOptions options, CancellationToken caller) : Work
{
    private readonly TaskCompletionSource<CommitResult> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[]? _digest = commit.IdempotencyKey is { } key ? JournalKeys.Digest(key) : null;
    // Of the caller: the writer's own loop is in no trace.
    private readonly Google.Protobuf.ByteString _trace = RecordTrace.Of(System.Diagnostics.Activity.Current);
    private CommitResult? _result;
    private Exception? _failure;

    public Task<CommitResult> Done => _done.Task;

    public override int Records => commit.Changes.Length + commit.Events.Length;

    public override long Bytes => commit.Changes.Sum(c => (long)c.Body.Length) + commit.Events.Sum(e => (long)e.Length);

    public override IEnumerable<DocumentKey> Documents => commit.Changes.Select(c => c.Key);

    public override async ValueTask PlanAsync(BatchBuilder builder, CancellationToken closing)
    {
        (_result, _failure) = (null, null);
        if (caller.IsCancellationRequested)
        {
            _failure = new OperationCanceledException(caller);
            return;
        }

        _result = await FindRepeatAsync(builder, closing) ?? await FindStaleAsync(builder, closing);
        if (_result is null && await DecideAsync(builder, closing) is { } plan)
        {
            await builder.Effects.LoadAsync(plan.Changes.SelectMany(s => s.Withdrawn.Concat(s.Granted.Select(g => g.Key))), closing);
            _result = Add(builder, plan);
        }
    }

    public override void Complete()
    {
        if (_failure is OperationCanceledException)
        {
            _done.TrySetCanceled(caller);
        }
        else if (_failure is not null)
        {
            _done.TrySetException(_failure);
        }
        else
        {
            _done.TrySetResult(_result!);
        }
    }

    public override void Fail(Exception error) => _done.TrySetException(error);

    private async ValueTask<CommitResult?> FindRepeatAsync(BatchBuilder builder, CancellationToken closing)
    {
        if (_digest is null)
        {
            return null;
        }

        var row = builder.Core.Keys.Repeat(_digest);
        var repeat = builder.Effects.Find<Wire.Repeat>(row) ?? await builder.Core.Rows.FindAsync(row, Wire.Repeat.Parser, closing);
        if (repeat is null)
        {
            return null;
        }

        var (first, documents) = (WireModel.Read(repeat.First), ImmutableArray.CreateBuilder<Document>());
        for (var index = first.Index; index < first.Index + repeat.Count; index++)
        {
            if (await builder.RecordAsync(first with { Index = index }, closing) is { Kind: (int)RecordKind.Changed, Document: { } version })
            {
                documents.Add(await builder.ReadVersionAsync(version, closing));
            }
        }

        return new CommitResult.Committed(first with { Index = first.Index + repeat.Count - 1 }, documents.ToImmutable(), true);
    }

    private async ValueTask<CommitResult?> FindStaleAsync(BatchBuilder builder, CancellationToken closing)
    {
        await builder.Effects.LoadAsync(Documents, closing);
        foreach (var change in commit.Changes)
        {
            if (!Equals(DocumentState.Frontier(builder.Effects[change.Key]), change.Base))
            {
                return new CommitResult.Stale(change.Key, await builder.ReadAsync(change.Key, closing));
            }
        }

        return null;
    }

    /// <summary>Asks the precondition and the policy, which are the owner's code: what they throw fails this commit alone. Null: it does
    /// not stand.</summary>
    private async ValueTask<SharePlan?> DecideAsync(BatchBuilder builder, CancellationToken closing)
    {
        using var limit = new CancellationTokenSource(options.DecisionLimit, options.Clock);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, caller, closing);
        try
        {
            if (commit.Precondition is { } precondition && await precondition(builder.Context, any.Token) is { IsDefaultOrEmpty: false } matches)
            {
                _result = new CommitResult.PreconditionFailed(matches);
                return null;
            }

            var plan = await options.SharePolicy.PlanAsync(commit, builder.Context, any.Token);
            return plan.Holders.IsDefaultOrEmpty || plan.Holders.Length == commit.Changes.Length
                ? plan
                : throw new InvalidOperationException($"The share policy named holders for {plan.Holders.Length} of {commit.Changes.Length} changes.");
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            _failure = limit.IsCancellationRequested
                ? new JournalUnavailableException($"Precondition and share policy took over {options.DecisionLimit.TotalSeconds} s. Ask again.", error)
                : error is OperationCanceledException && !caller.IsCancellationRequested ? new JournalUnavailableException("The journal closes.", error) : error;
            return null;
        }
    }

    private CommitResult.Committed Add(BatchBuilder builder, SharePlan plan)
    {
        builder.Trace = _trace;
        var first = builder.Batch.Records.Count;
        var documents = ImmutableArray.CreateBuilder<Document>(commit.Changes.Length);
        for (var i = 0; i < commit.Changes.Length; i++)
        {
            documents.Add(builder.AddChange(commit.Changes[i], plan.Holders.IsDefaultOrEmpty ? [] : plan.Holders[i]));
        }

        foreach (var share in plan.Changes.SelectMany(s => ShareRecords.Split(s, builder.Effects)))
        {
            builder.Add(new Wire.Record { Kind = (int)RecordKind.Shared, Share = share });
        }

        foreach (var entry in commit.Events)
        {
            builder.Add(new Wire.Record { Kind = (int)RecordKind.Event, Event = Google.Protobuf.UnsafeByteOperations.UnsafeWrap(entry) });
        }

        builder.Close(first, _digest);
        return new CommitResult.Committed(builder.Last, documents.MoveToImmutable(), false);
    }
}
