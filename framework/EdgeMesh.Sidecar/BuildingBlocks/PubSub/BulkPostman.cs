namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>Brings the messages of one route together, and says of each what the app makes of it, in their order.</summary>
internal delegate Task<IReadOnlyList<Verdict>> BulkSender(string path, IReadOnlyList<Parcel> parcels, CancellationToken cancellation);

/// <summary>Gathers messages that come one by one until there are enough or one has waited long enough. Each keeps its own verdict, so the
/// broker hears of each by itself; messages for different routes go different ways.</summary>
internal sealed class BulkPostman(BulkOptions options, BulkSender send, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Batch> _gathering = new(StringComparer.Ordinal);

    /// <summary>A <see cref="Postman"/>.</summary>
    public async Task<Verdict> DeliverAsync(Parcel parcel, CancellationToken cancellation)
    {
        Batch batch;
        int place;
        bool isFull;
        lock (_gate)
        {
            if (!_gathering.TryGetValue(parcel.Path, out batch!))
            {
                _gathering[parcel.Path] = batch = new Batch(parcel.Path);
                _ = SendLaterAsync(batch, cancellation);
            }

            place = batch.Parcels.Count;
            batch.Parcels.Add(parcel);
            isFull = batch.Parcels.Count >= options.MaxMessages && TryTake(batch);
        }

        if (isFull)
        {
            _ = SendAsync(batch, cancellation);
        }

        return (await batch.Verdicts.Task.WaitAsync(cancellation))[place];
    }

    private async Task SendLaterAsync(Batch batch, CancellationToken cancellation)
    {
        try
        {
            await Task.WhenAny(Task.Delay(options.MaxAwait, clock, cancellation), batch.Verdicts.Task);
        }
        finally
        {
            bool isMine;
            lock (_gate)
            {
                isMine = TryTake(batch);
            }

            if (isMine)
            {
                await SendAsync(batch, cancellation);
            }
        }
    }

    /// <summary>Under the lock: from here on nothing joins it, and whoever took it sends it.</summary>
    private bool TryTake(Batch batch) => _gathering.TryGetValue(batch.Path, out var current) && current == batch && _gathering.Remove(batch.Path);

    private async Task SendAsync(Batch batch, CancellationToken cancellation)
    {
        try
        {
            batch.Verdicts.TrySetResult(await send(batch.Path, batch.Parcels, cancellation));
        }
        catch (Exception error)
        {
            // To those who wait for a verdict: their messages come again.
            batch.Verdicts.TrySetException(error);
        }
    }

    private sealed class Batch(string path)
    {
        public string Path => path;

        public List<Parcel> Parcels { get; } = [];

        public TaskCompletionSource<IReadOnlyList<Verdict>> Verdicts { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
