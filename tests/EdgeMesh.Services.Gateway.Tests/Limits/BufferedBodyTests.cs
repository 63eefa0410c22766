using EdgeMesh.Services.Gateway.Limits;

namespace EdgeMesh.Services.Gateway.Tests.Limits;

public sealed class BufferedBodyTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, null)]
    [InlineData(1, 1)]
    [InlineData(65_535, 65_535)]
    [InlineData(65_536, null)]
    [InlineData(65_537, 65_537)]
    [InlineData(300_001, null)]
    [InlineData(5_000, 10)]
    public async Task Fill_AnyLength_GivesBackTheSameBytes(int length, int? announced)
    {
        var random = new Random(length);
        var bytes = new byte[length];
        random.NextBytes(bytes);
        var budget = new BufferBudget(1_000_000);
        using var copy = new MemoryStream();
        using (var body = new BufferedBody(budget))
        {
            Assert.Equal(BufferingResult.Complete, await body.FillAsync(new Trickle(bytes, random), announced, length, Cancellation));
            Assert.Equal(length, body.Length);
            await body.CopyToAsync(copy, 1000, Cancellation);
        }

        Assert.Equal(bytes, copy.ToArray());
        Assert.True(budget.IsUntouched);
    }

    [Fact]
    public async Task Fill_OverTheLimit_StopsThere()
    {
        using var body = new BufferedBody(new BufferBudget(1_000_000));
        var source = new MemoryStream(new byte[500_000]);

        Assert.Equal(BufferingResult.TooLarge, await body.FillAsync(source, null, 100_000, Cancellation));
        Assert.InRange(source.Position, 100_001, 200_000);
    }

    [Fact]
    public async Task Fill_OverTheBudgetOfAll_HasNoRoomUntilSomebodyGoes()
    {
        var budget = new BufferBudget(200_000);
        using (var first = new BufferedBody(budget))
        {
            Assert.Equal(BufferingResult.Complete, await first.FillAsync(new MemoryStream(new byte[100_000]), null, 1_000_000, Cancellation));
            using var second = new BufferedBody(budget);
            Assert.Equal(BufferingResult.NoRoom, await second.FillAsync(new MemoryStream(new byte[100_000]), null, 1_000_000, Cancellation));
        }

        using var third = new BufferedBody(budget);
        Assert.Equal(BufferingResult.Complete, await third.FillAsync(new MemoryStream(new byte[100_000]), null, 1_000_000, Cancellation));
    }

    /// <summary>Gives few bytes at a time, as a network does.</summary>
    private sealed class Trickle(byte[] bytes, Random random) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, random.Next(1, 20_000))], cancellationToken);
    }
}
