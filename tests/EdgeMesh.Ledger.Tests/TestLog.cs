using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Ledger.Tests;

/// <summary>A ledger in memory, with its key.</summary>
internal sealed class TestLog(ILedgerStore store, LedgerKey key, TimeProvider? clock = null, SequencerOptions? options = null) : IAsyncDisposable
{
    private static readonly SequencerOptions Quick = new() { RetryDelay = TimeSpan.FromMilliseconds(1), MaxRetryDelay = TimeSpan.FromMilliseconds(2) };

    public Sequencer Sequencer { get; } = new(key, store, clock ?? TimeProvider.System, options ?? Quick, NullLogger<Sequencer>.Instance);

    public LedgerKey Key => key;

    public LedgerReader Reader => field ??= new LedgerReader(store, Sequencer);

    public static LedgerKey NewKey() => LedgerKey.Generate("edgemesh/test/ledger");

    public static ReadOnlyMemory<byte> Entry(int number, int length = 20)
    {
        var bytes = new byte[length];
        new Random(number).NextBytes(bytes);
        return bytes;
    }

    public static ReadOnlyMemory<byte>[] Entries(int first, int count, int length = 20) => [.. Enumerable.Range(first, count).Select(i => Entry(i, length))];

    public async Task<AppendResult> AppendAsync(int first, int count, int length = 20, string? producer = "test") =>
        await Sequencer.AppendAsync(new AppendRequest(Entries(first, count, length), producer, first), TestContext.Current.CancellationToken);

    public async Task FillAsync(int size, int length = 20)
    {
        for (var first = 0; first < size; first += 500)
        {
            Assert.Equal(AppendOutcome.Appended, (await AppendAsync(first, Math.Min(500, size - first), length)).Outcome);
        }
    }

    public Task<VerifyResult> VerifyAsync() => LedgerVerifier.VerifyAsync(Reader, key.VerifierKey, null, TestContext.Current.CancellationToken);

    public async Task<VerifyResult> VerifyAsyncWhenReady()
    {
        await WaitAsync(s => s.Phase == SequencerPhase.Ready);
        return await VerifyAsync();
    }

    public async Task<SequencerStatus> WaitAsync(Func<SequencerStatus, bool> until)
    {
        for (var patience = 5000; !until(Sequencer.Status); patience--)
        {
            Assert.True(patience > 0, Sequencer.Status.ToString());
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        return Sequencer.Status;
    }

    public ValueTask DisposeAsync() => Sequencer.DisposeAsync();
}
