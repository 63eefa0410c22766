using System.Diagnostics;
using EdgeMesh.Replication.Documents;
using EdgeMesh.Replication.Codec;
using EdgeMesh.Replication.Feeds;
using EdgeMesh.Replication.Storage;
using Google.Protobuf;

namespace EdgeMesh.Replication.Writing;

/// <summary>The parts of an open journal, and how they are loaded: when it opens, and after another writer has moved it.</summary>
internal sealed class JournalCore : IAsyncDisposable
{
    private readonly EpochMarker _marker;
    private RowDeriver? _deriver;
    private DerivedRows? _rows;
    private JournalHead? _head;
    private ByteString? _newsTrace;

    private JournalCore(JournalName name, IJournalStore store, JournalOptions options)
    {
        (Name, Options, Keys, _marker) = (name, options, new JournalKeys(name), EpochMarker.Open(options.MarkerPath));
        // In one process there are journals of several services: each span says whose it is, in the words of the house's exporter.
        Spans = new ActivitySource("EdgeMesh.Replication", version: null, [new("edgemesh.site", name.Site), new("edgemesh.service", name.Owner)]);
        Store = new LimitedStore(store, options.Clock, options.StoreCallLimit);
        Log = new BatchLog(Keys, Store, options);
        HeadRow = new GuardedRow<Wire.Head>(Keys.Head, Wire.Head.Parser, h => h.BatchId, Store, options);
    }

    public JournalName Name { get; }

    public JournalOptions Options { get; }

    public JournalKeys Keys { get; }

    public IJournalStore Store { get; }

    public BatchLog Log { get; }

    /// <summary>The row that is compared and set; the writer's alone.</summary>
    public GuardedRow<Wire.Head> HeadRow { get; }

    public JournalHead Head => _head!;

    /// <summary>Where its spans begin.</summary>
    public ActivitySource Spans { get; }

    /// <summary>The trace of what was written last since somebody asked; default: none.</summary>
    public ActivityContext TakeNewsTrace() => Interlocked.Exchange(ref _newsTrace, null) is { } trace ? RecordTrace.Read(trace) : default;

    /// <summary>The derived rows; replaced as a whole when the journal is loaded anew, so that readers never see half of them.</summary>
    public DerivedRows Rows => Volatile.Read(ref _rows)!;

    public static async Task<JournalCore> OpenAsync(JournalName name, IJournalStore store, JournalOptions options, CancellationToken cancellation)
    {
        var core = new JournalCore(name, store, options);
        try
        {
            await HeadOpener.OpenAsync(core.HeadRow, core._marker, options, cancellation);
            core._head = new JournalHead(core.HeadRow.Value!);
            await core.DeriveAsync(core.HeadRow.Value!, cancellation);
            return core;
        }
        catch
        {
            core._marker.Dispose();
            core.Spans.Dispose();
            throw;
        }
    }

    /// <summary>Loads what another writer has made of the journal.</summary>
    public async ValueTask ReloadAsync(CancellationToken cancellation)
    {
        await HeadRow.LoadAsync(cancellation);
        if (HeadRow.Value is not { } head)
        {
            throw new JournalUnavailableException($"The head of journal {Name} is gone from the component 'heads'. Restore it from a backup.");
        }

        await DeriveAsync(head, cancellation);
        Mark(head);
        Head.Publish(head);
    }

    /// <summary>Waits while too many rows wait to be written, and notices when another writer has taken them over.</summary>
    public async ValueTask RelieveAsync(CancellationToken cancellation)
    {
        if (Rows.Waiting > Options.DeriveLimit)
        {
            await _deriver!.FlushAsync(1, cancellation);
        }

        if (_deriver!.IsFenced)
        {
            await ReloadAsync(cancellation);
        }
    }

    /// <summary>Shows a durable batch. Its effects first: who sees the head sees them.</summary>
    public void Publish(BatchBuilder builder, Wire.Head head, IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> values)
    {
        foreach (var (key, value) in values)
        {
            Log.Remember(key, value);
        }

        foreach (var key in builder.Effects.Obsolete)
        {
            Log.Forget(key);
        }

        Log.Remember(builder.Epoch, builder.Number, builder.Batch);
        Rows.Publish(builder.Effects, builder.Epoch, builder.Number);
        Mark(head);
        if (builder.Batch.Records.LastOrDefault(r => !r.Trace.IsEmpty) is { } traced)
        {
            Volatile.Write(ref _newsTrace, traced.Trace);
        }

        Head.Publish(head);
        _deriver!.Wake();
    }

    /// <summary>How far a foreign feed was applied.</summary>
    public async ValueTask<FeedCursor> FeedAsync(JournalName source, CancellationToken cancellation) =>
        await Rows.FindAsync(Keys.Feed(source), Wire.FeedState.Parser, cancellation) is { } state && FeedCursor.TryParse(state.Cursor, out var cursor)
            ? cursor
            : FeedCursor.Start;

    /// <summary>A foreign feed has moved past records that are not for this site. Written with the next rows; a crash before reads them again.</summary>
    public void ShowFeed(JournalName source, string cursor)
    {
        Rows.Publish(Keys.Feed(source), new Wire.FeedState { Format = WireModel.Current, Cursor = cursor });
        _deriver!.Wake();
    }

    public async ValueTask DisposeAsync()
    {
        if (_deriver is not null)
        {
            await _deriver.DisposeAsync();
        }

        _marker.Dispose();
        Spans.Dispose();
    }

    private async ValueTask DeriveAsync(Wire.Head head, CancellationToken cancellation)
    {
        var rows = new DerivedRows(Store, Options);
        var deriver = new RowDeriver(Keys, Store, Options, rows);
        try
        {
            await deriver.OpenAsync(head, Log, cancellation);
        }
        catch
        {
            await deriver.DisposeAsync();
            throw;
        }

        var before = _deriver;
        Volatile.Write(ref _rows, rows);
        _deriver = deriver;
        if (before is not null)
        {
            // It has lost its guard, so what it still holds is not written.
            await before.DisposeAsync();
        }
    }

    private void Mark(Wire.Head head)
    {
        try
        {
            _marker.Write(head, sync: false);
        }
        catch (IOException)
        {
            // A full disk: the mark stays behind the head and recognises less; the commit is durable.
        }
    }
}
