using System.Threading.Channels;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Components.BindingsCron;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.Bindings;

public sealed class CronBindingTests
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task Read_EachTimeThatComes_IsTold()
    {
        var ticks = Channel.CreateUnbounded<string>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestSidecar.Cancellation);
        var reading = Open("0 0 6 * * *").ReadAsync(Handler(ticks), stop.Token);

        _clock.Advance(TimeSpan.FromHours(6));
        Assert.StartsWith("2030-01-01 06:00:00", await ticks.Reader.ReadAsync(TestSidecar.Cancellation), StringComparison.Ordinal);
        _clock.Advance(TimeSpan.FromHours(23));
        Assert.False(ticks.Reader.TryRead(out _));
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.StartsWith("2030-01-02 06:00:00", await ticks.Reader.ReadAsync(TestSidecar.Cancellation), StringComparison.Ordinal);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    [Fact]
    public async Task Read_TheClockJumps_WhatWasMissedComesOnce()
    {
        var ticks = Channel.CreateUnbounded<string>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestSidecar.Cancellation);
        var reading = Open("@every 1m").ReadAsync(Handler(ticks), stop.Token);
        _clock.Advance(TimeSpan.FromHours(5));
        await ticks.Reader.ReadAsync(TestSidecar.Cancellation);
        Assert.False(ticks.Reader.TryRead(out _));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    [Theory]
    [InlineData("schedule", "bogus")]
    [InlineData("schedule", "")]
    public void Open_NoSchedule_IsRefusedByName(string field, string value) =>
        Assert.Contains(field, Assert.Throws<ArgumentException>(() => Open(value)).Message, StringComparison.Ordinal);

    [Fact]
    public void Open_UnknownZone_IsRefusedByName() =>
        Assert.Contains("Mars/Olympus", Assert.Throws<ArgumentException>(() => Open("@daily", ("timezone", "Mars/Olympus"))).Message, StringComparison.Ordinal);

    private static InputHandler Handler(Channel<string> ticks) => happened =>
    {
        ticks.Writer.TryWrite(happened.Metadata["readTimeUTC"]);
        return Task.FromResult(new InputAnswer(default, null));
    };

    private CronBinding Open(string schedule, params (string, string)[] more) => CronBinding.Open(
        new ComponentSpec("tick", "bindings.cron", "v1", more.Append(("schedule", schedule)).Append(more.Length == 0 ? ("timezone", "UTC") : more[0]).DistinctBy(m => m.Item1).ToDictionary(m => m.Item1, m => m.Item2)),
        new ComponentContext("/", _clock, new Dictionary<string, string>(), _ => null));
}
