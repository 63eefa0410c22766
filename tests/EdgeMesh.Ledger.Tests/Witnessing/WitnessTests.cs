using System.Text;
using CsCheck;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Ledger.Tests.Witnessing;

public sealed class WitnessTests : IAsyncDisposable
{
    private readonly LedgerKey _key = TestLog.NewKey();
    private readonly LedgerKey _witnessKey = LedgerKey.Generate("edgemesh/core/witness");
    private readonly MemoryLedgerStore _rows = new();
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 3, 1, 8, 0, 0, TimeSpan.Zero));
    private readonly TestLog _log;
    private readonly Witness _witness;

    public WitnessTests()
    {
        _log = new TestLog(new MemoryLedgerStore(), _key);
        _witness = NewWitness(_rows);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        _key.Dispose();
        _witnessKey.Dispose();
    }

    [Fact]
    public async Task Add_ALogThatGrows_IsCosignedEachTime_AlsoByAnotherProcess()
    {
        for (var size = 0; size < 600; size += 150)
        {
            await _log.AppendAsync(size, 150);
            var request = await GrowthAsync(size);
            var answer = await (size == 300 ? NewWitness(_rows) : _witness).AddAsync(request.ToBytes(), Cancellation);

            Assert.Equal(WitnessOutcome.Cosigned, answer.Outcome);
            Assert.Equal(_clock.GetUtcNow(), Cosignature.Verify(_witnessKey.CosignerKey, request.Note.Text, answer.Cosignature!));
            Assert.Equal(size + 150, (await _witness.ReadAsync(_key.Name, Cancellation))?.Checkpoint.Size);
        }

        Assert.Equal(WitnessOutcome.Cosigned, (await _witness.AddAsync(new AddCheckpoint(600, [], (await GrowthAsync(0)).Note).ToBytes(), Cancellation)).Outcome);
    }

    [Fact]
    public async Task Add_AnotherOldSize_AnswersTheSizeThatItKnows()
    {
        await _log.AppendAsync(0, 5);
        var first = await GrowthAsync(0);
        Assert.Equal((WitnessOutcome.OtherSize, null), Outcome(await _witness.AddAsync(first.ToBytes().Replaced("old 0", "old 3"), Cancellation)));
        await _witness.AddAsync(first.ToBytes(), Cancellation);
        await _log.AppendAsync(5, 5);

        Assert.Equal((WitnessOutcome.OtherSize, 5), Outcome(await _witness.AddAsync((await GrowthAsync(4)).ToBytes(), Cancellation)));
        Assert.Equal((WitnessOutcome.OtherSize, 5), Outcome(await _witness.AddAsync((await GrowthAsync(0)).ToBytes(), Cancellation)));
    }

    [Fact]
    public async Task Add_WhatIsNotTheLogs_IsRefusedByItsReason()
    {
        using var other = LedgerKey.Generate(_key.Name);
        using var stranger = LedgerKey.Generate("edgemesh/nowhere/ledger");
        await _log.AppendAsync(0, 5);
        var request = await GrowthAsync(0);
        var checkpoint = new Checkpoint(_key.Name, 5, TreeHash.Empty);

        Assert.Equal(WitnessOutcome.UnknownLog, (await _witness.AddAsync(new AddCheckpoint(0, [], (checkpoint with { Origin = stranger.Name }).Sign(stranger)).ToBytes(), Cancellation)).Outcome);
        Assert.Equal(WitnessOutcome.NotSigned, (await _witness.AddAsync(new AddCheckpoint(0, [], checkpoint.Sign(other)).ToBytes(), Cancellation)).Outcome);
        Assert.Equal(WitnessOutcome.Malformed, (await _witness.AddAsync(request.ToBytes().Replaced("old 0", "old 6"), Cancellation)).Outcome);
        Assert.Equal(WitnessOutcome.NotItsGrowth, (await _witness.AddAsync(new AddCheckpoint(0, [TreeHash.Empty], request.Note).ToBytes(), Cancellation)).Outcome);
        Assert.Equal(WitnessOutcome.NotItsGrowth, (await _witness.AddAsync(new AddCheckpoint(0, [], new Checkpoint(_key.Name, 0, TreeHash.Leaf("x"u8)).Sign(_key)).ToBytes(), Cancellation)).Outcome);
        Assert.Null(await _witness.ReadAsync(_key.Name, Cancellation));
    }

    [Fact]
    public async Task Add_AForkOfAnotherSize_IsNotCosigned()
    {
        await _log.AppendAsync(0, 5);
        await _witness.AddAsync((await GrowthAsync(0)).ToBytes(), Cancellation);
        await using var fork = new TestLog(new MemoryLedgerStore(), _key);
        await fork.AppendAsync(100, 9);

        var answer = await _witness.AddAsync((await fork.Reader.GrowthAsync(5, Cancellation))!.ToBytes(), Cancellation);

        Assert.Equal((WitnessOutcome.NotItsGrowth, 5), Outcome(answer));
        Assert.Null(answer.Log?.Other);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public async Task Add_TwoRootsOfOneSize_KeepsBothAsProofAndCosignsNothingMore(int claimedOldSize)
    {
        await _log.AppendAsync(0, 5);
        var shown = await GrowthAsync(0);
        await _witness.AddAsync(shown.ToBytes(), Cancellation);
        await using var fork = new TestLog(new MemoryLedgerStore(), _key);
        await fork.AppendAsync(100, 5);
        var other = (await fork.Reader.GrowthAsync(0, Cancellation))! with { OldSize = claimedOldSize };

        var answer = await _witness.AddAsync(other.ToBytes(), Cancellation);
        Assert.True(answer.IsSplitView);
        Assert.False((await _witness.AddAsync(other.ToBytes(), Cancellation)).IsSplitView);

        await _log.AppendAsync(5, 5);
        Assert.Equal(WitnessOutcome.NotItsGrowth, (await NewWitness(_rows).AddAsync((await GrowthAsync(5)).ToBytes(), Cancellation)).Outcome);
        var kept = await _witness.ReadAsync(_key.Name, Cancellation);
        Assert.Equal([shown.Note.Text, other.Note.Text], [kept?.Note.Text, kept?.Other?.Text]);
        Assert.All([kept!.Note, kept.Other!], note => Assert.True(note.IsSignedBy(_key.VerifierKey)));
    }

    [Fact]
    public async Task Add_ManyAtOnce_CosignOneHistory()
    {
        await _log.AppendAsync(0, 5);
        var request = await GrowthAsync(0);
        await using var fork = new TestLog(new MemoryLedgerStore(), _key);
        await fork.AppendAsync(100, 6);
        var forked = (await fork.Reader.GrowthAsync(0, Cancellation))!;

        var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(i => Task.Run(() => _witness.AddAsync((i % 2 == 0 ? request : forked).ToBytes(), Cancellation), Cancellation)));

        var cosigned = Assert.Single(answers, a => a.Outcome == WitnessOutcome.Cosigned);
        Assert.All(answers.Where(a => a != cosigned), a => Assert.Equal(WitnessOutcome.OtherSize, a.Outcome));
        Assert.Equal(cosigned.Log?.Checkpoint, (await _witness.ReadAsync(_key.Name, Cancellation))?.Checkpoint);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Add_TheStoreFailsAtAnyStep_NothingIsCosignedThatIsNotKept(bool persisted)
    {
        await _log.AppendAsync(0, 5);
        var request = await GrowthAsync(0);
        for (var step = 0; ; step++)
        {
            var rows = new MemoryLedgerStore();
            var store = new FaultyStore(rows);
            store.Arm(step, persisted, forGood: true);
            try
            {
                var answer = await NewWitness(store).AddAsync(request.ToBytes(), Cancellation);
                Assert.Equal((WitnessOutcome.Cosigned, false), (answer.Outcome, store.Fired));
                Assert.Equal(2, step);
                return;
            }
            catch (IOException)
            {
                var again = await NewWitness(rows).AddAsync(request.ToBytes(), Cancellation);
                Assert.Equal(persisted && step == 1 ? WitnessOutcome.OtherSize : WitnessOutcome.Cosigned, again.Outcome);
            }
        }
    }

    [Fact]
    public async Task Parse_WhatIsWritten_IsWhatIsRead_AndNothingElseEndsInMoreThanFalse()
    {
        await _log.AppendAsync(0, 300);
        var bytes = (await GrowthAsync(77)).ToBytes();
        Assert.True(AddCheckpoint.TryParse(bytes, out var request));
        Assert.Equal(bytes, request.ToBytes());

        foreach (var broken in (string[])["old 077", "old -1", "old", "new 77", "old 77 ", "old 77\n\u0001"])
        {
            Assert.False(AddCheckpoint.TryParse(bytes.Replaced("old 77", broken), out _), broken);
        }

        Assert.False(AddCheckpoint.TryParse(bytes.Replaced("old 77", "old 77" + string.Concat(Enumerable.Repeat($"\n{TreeHash.Empty}", 64))), out _));
        Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Byte, Gen.Int[0, bytes.Length]).Sample((at, value, length) =>
        {
            var damaged = bytes.ToArray();
            damaged[at] = value;
            // Whether it can be read does not matter, as long as reading ends.
            _ = AddCheckpoint.TryParse(damaged.AsSpan(0, length), out AddCheckpoint? _);
        });
    }

    private static (WitnessOutcome, long?) Outcome(WitnessAnswer answer) => (answer.Outcome, answer.Log?.Checkpoint.Size);

    private Witness NewWitness(ILedgerStore store) => new(_witnessKey, [_key.VerifierKey], store, _clock);

    private async Task<AddCheckpoint> GrowthAsync(long oldSize) => await _log.Reader.GrowthAsync(oldSize, Cancellation) ?? throw new InvalidOperationException("The log did not grow.");
}

file static class Bytes
{
    public static byte[] Replaced(this byte[] bytes, string old, string with) => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes).Replace(old, with, StringComparison.Ordinal));
}
