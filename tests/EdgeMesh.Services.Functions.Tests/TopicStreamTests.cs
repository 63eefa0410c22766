using System.Collections.Concurrent;
using System.Text;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Functions.Triggers.Topics;
using EdgeMesh.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>What a subscription tells the sidecar.</summary>
public sealed class TopicStreamTests
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>At once, it would come again at once: without end, and with all the work of it, as long as nobody can take it.</summary>
    [Fact]
    public async Task Message_ThatIsRefused_IsHeldForAWhileBeforeItComesAgain()
    {
        var came = new ConcurrentQueue<string>();
        await using var site = await FunctionsSite.StartAsync();
        await using var stream = Stream(site, (message, _) =>
        {
            came.Enqueue(message.Id);
            return Task.FromResult(false);
        });
        await PublishUntilAsync(site, () => !came.IsEmpty);
        var left = 20;
        await PublishUntilAsync(site, () => left-- == 0);
        Assert.Single(came);

        for (var looks = 0; came.Count == 1; looks++)
        {
            Assert.True(looks < 3_000, "none comes any more");
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(10, Cancellation);
        }
    }

    /// <summary>What it does not acknowledge comes again, though it is done.</summary>
    [Fact]
    public async Task Message_WhoseCallEndsWhileTheSubscriptionStops_DoesNotComeAgain()
    {
        var (inHand, done) = (new TaskCompletionSource<string>(), new TaskCompletionSource<bool>());
        await using var site = await FunctionsSite.StartAsync();
        var stopping = Stream(site, (message, _) =>
        {
            inHand.TrySetResult(message.Id);
            return done.Task;
        });
        await PublishUntilAsync(site, () => inHand.Task.IsCompleted);
        var id = await inHand.Task;
        var stopped = stopping.DisposeAsync().AsTask();
        done.SetResult(true);
        await stopped;

        Assert.Null((await site.Host.Calls.FirstAsync(c => c.Kind == CallKind.Delivery && c.Text.Contains(id, StringComparison.Ordinal), Cancellation)).Failure);
    }

    /// <summary>Refused, it would count as tried, and a broker may bring it again to who stops.</summary>
    [Fact]
    public async Task Message_WhoseCallIsCutByTheStop_IsGivenBackAndNotRefused()
    {
        var inHand = new TaskCompletionSource<string>();
        await using var site = await FunctionsSite.StartAsync();
        var stopping = Stream(site, async (message, cancellation) =>
        {
            inHand.TrySetResult(message.Id);
            await Task.Delay(Timeout.Infinite, cancellation);
            return true;
        });
        await PublishUntilAsync(site, () => inHand.Task.IsCompleted);
        var id = await inHand.Task;
        await stopping.DisposeAsync();

        Assert.IsType<OperationCanceledException>((await site.Host.Calls.FirstAsync(c => c.Kind == CallKind.Delivery && c.Text.Contains(id, StringComparison.Ordinal), Cancellation)).Failure, exactMatch: false);
    }

    private TopicStream Stream(FunctionsSite site, Func<TopicMessage, CancellationToken, Task<bool>> handle)
    {
        var sidecar = site.Host.Services(FunctionsApp.AppId).GetRequiredService<SidecarEndpoints>();
        var stream = new TopicStream(sidecar, "vitals", handle, _clock, NullLogger.Instance);
        stream.Start();
        return stream;
    }

    /// <summary>A broker in memory forgets what nobody had subscribed yet.</summary>
    private static async Task PublishUntilAsync(FunctionsSite site, Func<bool> isEnough)
    {
        using var sidecar = site.Host.SidecarClient("gateway");
        for (var looks = 0; !isEnough(); looks++)
        {
            Assert.True(looks < 1_500, "it does not come");
            using var content = new StringContent("1", Encoding.UTF8, "application/json");
            using var answer = await sidecar.PostAsync("/v1.0/publish/events/vitals", content, Cancellation);
            answer.EnsureSuccessStatusCode();
            await Task.Delay(20, Cancellation);
        }
    }
}
