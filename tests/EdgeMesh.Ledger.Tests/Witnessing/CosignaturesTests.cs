namespace EdgeMesh.Ledger.Tests.Witnessing;

public sealed class CosignaturesTests : IAsyncDisposable
{
    private static readonly DateTimeOffset Time = new(2026, 3, 1, 8, 0, 0, TimeSpan.Zero);

    private readonly LedgerKey _key = TestLog.NewKey();
    private readonly LedgerKey _core = LedgerKey.Generate("edgemesh/core/witness");
    private readonly LedgerKey _clinic = LedgerKey.Generate("edgemesh/clinic-b/witness");
    private readonly MemoryLedgerStore _store = new();
    private readonly Cosignatures _cosignatures;
    private readonly TestLog _log;
    private readonly LedgerReader _reader;

    public CosignaturesTests()
    {
        _cosignatures = new Cosignatures(_key.VerifierKey, _store);
        _log = new TestLog(_store, _key);
        _reader = new LedgerReader(_store, _log.Sequencer, _cosignatures);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        _key.Dispose();
        _core.Dispose();
        _clinic.Dispose();
    }

    [Fact]
    public async Task Add_OfTheNewest_IsServedWithTheCheckpointAndItsProofs_UntilTheLogGrows()
    {
        await _log.AppendAsync(0, 5);
        Assert.Null(await _reader.ReadAsync(LogFiles.Cosigned, Cancellation));
        var note = await CosignAsync(_core);
        await CosignAsync(_clinic);
        await CosignAsync(_core);

        var served = await ReadAsync(LogFiles.Checkpoint);
        Assert.Equal(3, served.Signatures.Length);
        Assert.All([_key.VerifierKey, _core.CosignerKey, _clinic.CosignerKey], key => Assert.True(served.IsSignedBy(key)));
        Assert.Equal(served.Signatures.Length, (await _reader.ProveAsync(2, Cancellation))?.Checkpoint.Signatures.Length);

        await _log.AppendAsync(5, 1);
        Assert.Single((await ReadAsync(LogFiles.Checkpoint)).Signatures);
        Assert.Equal(note.Text, (await ReadAsync(LogFiles.Cosigned)).Text);
    }

    [Fact]
    public async Task Add_OfAnOlderCheckpoint_ChangesNothing_AndTheNewestOutlivesARestart()
    {
        await _log.AppendAsync(0, 5);
        var old = await _reader.GrowthAsync(0, Cancellation);
        await _log.AppendAsync(5, 5);
        var newest = await CosignAsync(_core);
        await _cosignatures.AddAsync(old!.Note, Cosignature.Sign(_clinic, old.Note.Text, Time), Cancellation);

        var again = new Cosignatures(_key.VerifierKey, _store);
        await again.LoadAsync(Cancellation);
        Assert.Equal([newest.Text, newest.Text], [_cosignatures.Newest?.Text, again.Newest?.Text]);
        using var other = LedgerKey.Generate(_key.Name);
        var stranger = new Cosignatures(other.VerifierKey, _store);
        await stranger.LoadAsync(Cancellation);
        Assert.Null(stranger.Newest);
    }

    [Fact]
    public async Task Verify_ALogThatWasRewrittenAfterItWasCosigned_NamesTheWitnesses()
    {
        await _log.AppendAsync(0, 300);
        await CosignAsync(_core);
        await _log.AppendAsync(300, 10);
        var holds = await LedgerVerifier.VerifyAsync(_reader, _key.VerifierKey, null, Cancellation, [_core.CosignerKey, _clinic.CosignerKey]);
        Assert.Equal((true, 300L, _core.Name), (holds.Holds, holds.Cosigned?.Size ?? 0, Assert.Single(holds.Cosigned!.Witnesses).Name));
        Assert.Null((await LedgerVerifier.VerifyAsync(_reader, _key.VerifierKey, null, Cancellation, [_clinic.CosignerKey])).Cosigned);

        foreach (var size in (int[])[200, 300, 400])
        {
            var store = new MemoryLedgerStore();
            await using var fork = new TestLog(store, _key);
            await fork.AppendAsync(1000, size);
            var reader = new LedgerReader(store, fork.Sequencer, _cosignatures);

            var result = await LedgerVerifier.VerifyAsync(reader, _key.VerifierKey, null, Cancellation, [_core.CosignerKey]);

            Assert.Equal(LedgerFaultKind.Rewritten, result.Fault?.Kind);
            Assert.Contains(_core.Name, result.Fault?.Message, StringComparison.Ordinal);
            Assert.False(await reader.BeginsWithAsync(Checkpoint.TryParse(_cosignatures.Newest!.Text, out var cosigned) ? cosigned : throw new InvalidOperationException(), Cancellation));
        }
    }

    [Fact]
    public async Task Halt_SignsNothingMore_AndAnswersWhatWaits()
    {
        await _log.AppendAsync(0, 5);
        var before = await ReadAsync(LogFiles.Checkpoint);

        _log.Sequencer.Halt("it is an old copy");

        var refused = await _log.AppendAsync(5, 1);
        Assert.Equal((AppendOutcome.Unavailable, "it is an old copy"), (refused.Outcome, refused.Reason));
        await _log.Sequencer.DisposeAsync();
        Assert.Equal(SequencerPhase.Halted, _log.Sequencer.Status.Phase);
        Assert.Equal(before.Text, (await ReadAsync(LogFiles.Checkpoint)).Text);
    }

    private async Task<SignedNote> CosignAsync(LedgerKey witness)
    {
        var growth = await _reader.GrowthAsync(0, Cancellation);
        await _cosignatures.AddAsync(growth!.Note, Cosignature.Sign(witness, growth.Note.Text, Time), Cancellation);
        return growth.Note;
    }

    private async Task<SignedNote> ReadAsync(string path) =>
        await _reader.ReadAsync(path, Cancellation) is { } bytes && SignedNote.TryParse(bytes.Span, out var note) ? note : throw new InvalidOperationException($"There is no {path}.");
}
