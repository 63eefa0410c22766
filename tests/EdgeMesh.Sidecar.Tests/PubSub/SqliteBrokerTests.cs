using System.Text;
using System.Threading.Channels;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Components.PubSubSqlite;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.PubSub;

public sealed class SqliteBrokerTests : IDisposable
{
    private readonly string _folder = TestSidecar.TemporaryFolder();
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UnixEpoch.AddYears(60));

    [Fact]
    public async Task Publish_NobodyThereYet_WaitsForTheGroupThatSubscribedBefore()
    {
        await using (var broker = Open())
        {
            await using var once = await broker.SubscribeAsync(Subscription("orders", "billing"), (_, _) => Task.FromResult(true), TestSidecar.Cancellation);
        }

        await using (var broker = Open())
        {
            await PublishAsync(broker, "orders", "one", "two");
        }

        await using var again = Open();
        var got = Channel.CreateUnbounded<string>();
        await using var subscriber = await again.SubscribeAsync(Subscription("orders", "billing"), Into(got), TestSidecar.Cancellation);
        // Delivered side by side, so in any order.
        Assert.Equal(["one", "two"], (await TakeAsync(got, 2)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Deliver_TwoGroups_EachGetsEverything()
    {
        await using var broker = Open();
        var (billing, shipping) = (Channel.CreateUnbounded<string>(), Channel.CreateUnbounded<string>());
        await using var first = await broker.SubscribeAsync(Subscription("orders", "billing"), Into(billing), TestSidecar.Cancellation);
        await using var second = await broker.SubscribeAsync(Subscription("orders", "shipping"), Into(shipping), TestSidecar.Cancellation);

        await PublishAsync(broker, "orders", "one", "two", "three");

        Assert.Equal(3, (await TakeAsync(billing, 3)).Distinct().Count());
        Assert.Equal(3, (await TakeAsync(shipping, 3)).Distinct().Count());
    }

    [Fact]
    public async Task Deliver_TwoSubscribersOfAGroup_ShareAndNothingComesTwice()
    {
        await using var broker = Open();
        var got = Channel.CreateUnbounded<string>();
        await using var first = await broker.SubscribeAsync(Subscription("orders", "billing"), Into(got), TestSidecar.Cancellation);
        await using var second = await broker.SubscribeAsync(Subscription("orders", "billing"), Into(got), TestSidecar.Cancellation);

        var sent = Enumerable.Range(0, 200).Select(n => $"m{n}").ToArray();
        await Task.WhenAll(sent.Select(m => PublishAsync(broker, "orders", m)));

        Assert.Equal(sent.Order(StringComparer.Ordinal), (await TakeAsync(got, 200)).Order(StringComparer.Ordinal));
        Assert.False(got.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Deliver_NotAcknowledged_ComesAgainUnderTheSameIdAfterAPause()
    {
        await using var broker = Open();
        var ids = Channel.CreateUnbounded<string>();
        var tries = 0;
        await using var subscriber = await broker.SubscribeAsync(
            Subscription("orders", "billing"),
            (message, _) =>
            {
                ids.Writer.TryWrite(message.Id);
                return Task.FromResult(Interlocked.Increment(ref tries) == 3);
            },
            TestSidecar.Cancellation);

        await PublishAsync(broker, "orders", "one");

        var got = new List<string> { await ids.Reader.ReadAsync(TestSidecar.Cancellation) };
        while (got.Count < 3)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
            if (ids.Reader.TryRead(out var id))
            {
                got.Add(id);
            }
        }

        Assert.Single(got.Distinct());
    }

    /// <summary>A subscriber's crash is that it never answers: what it had in hand is somebody's at the next start.</summary>
    [Fact]
    public async Task Open_WhatWasInHandWhenTheProcessDied_ComesAgain()
    {
        var broker = Open();
        var taken = new TaskCompletionSource();
        var first = await broker.SubscribeAsync(
            Subscription("orders", "billing"),
            async (_, cancellation) =>
            {
                taken.TrySetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
                return true;
            },
            TestSidecar.Cancellation);
        await PublishAsync(broker, "orders", "in hand");
        await taken.Task.WaitAsync(TestSidecar.Cancellation);
        var copy = CopyFiles();
        await first.DisposeAsync();
        await broker.DisposeAsync();

        await using var after = Open(copy);
        var got = Channel.CreateUnbounded<string>();
        await using var second = await after.SubscribeAsync(Subscription("orders", "billing"), Into(got), TestSidecar.Cancellation);
        Assert.Equal(["in hand"], await TakeAsync(got, 1));
    }

    [Fact]
    public async Task Publish_MoreThanAGroupMayWaitFor_TheOldestGo()
    {
        await using var broker = Open(_folder, ("maxMessages", "10"));
        await using (await broker.SubscribeAsync(Subscription("orders", "billing"), (_, _) => Task.FromResult(true), TestSidecar.Cancellation))
        {
            // Subscribed once, so that what comes from now on is kept.
        }

        for (var n = 0; n < 30; n++)
        {
            await PublishAsync(broker, "orders", $"m{n}");
        }

        var got = Channel.CreateUnbounded<string>();
        await using var subscriber = await broker.SubscribeAsync(Subscription("orders", "billing"), Into(got), TestSidecar.Cancellation);
        var seen = new List<string>();
        while (!seen.Contains("m29"))
        {
            seen.Add(await got.Reader.ReadAsync(TestSidecar.Cancellation));
        }

        Assert.DoesNotContain("m0", seen);
        Assert.InRange(seen.Count, 1, 29);
    }

    [Fact]
    public async Task Deliver_TimeToLiveIsOver_IsNotDelivered()
    {
        await using var broker = Open();
        await using (await broker.SubscribeAsync(Subscription("orders", "billing"), (_, _) => Task.FromResult(true), TestSidecar.Cancellation))
        {
            // Subscribed once, so that what comes from now on is kept.
        }

        await broker.PublishAsync(Message("orders", "short-lived") with { Metadata = new Dictionary<string, string> { ["ttlInSeconds"] = "5" } }, TestSidecar.Cancellation);
        await PublishAsync(broker, "orders", "lasting");
        _clock.Advance(TimeSpan.FromSeconds(6));

        var got = Channel.CreateUnbounded<string>();
        await using var subscriber = await broker.SubscribeAsync(Subscription("orders", "billing"), Into(got), TestSidecar.Cancellation);
        Assert.Equal(["lasting"], await TakeAsync(got, 1));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private SqliteBroker Open(string? folder = null, params (string Key, string Value)[] metadata) => SqliteBroker.Open(
        new ComponentSpec("events", "pubsub.edgemesh.sqlite", "v1", metadata.Append(("connectionString", "events.db")).ToDictionary(m => m.Item1, m => m.Item2)),
        new ComponentContext(folder ?? _folder, _clock, new Dictionary<string, string>(), _ => null));

    /// <summary>What a crash leaves: the files as they are at this moment.</summary>
    private string CopyFiles()
    {
        var copy = Directory.CreateDirectory(Path.Combine(_folder, "copy")).FullName;
        foreach (var file in Directory.EnumerateFiles(_folder).Where(f => !f.EndsWith(".owner", StringComparison.Ordinal)))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        return copy;
    }

    private static BrokerSubscription Subscription(string topic, string group) => new(topic, group, BrokerMessage.NoMetadata);

    private static BrokerMessage Message(string topic, string text) => new(topic, Encoding.UTF8.GetBytes(text), BrokerMessage.NoMetadata);

    private static async Task PublishAsync(SqliteBroker broker, string topic, params string[] texts)
    {
        foreach (var text in texts)
        {
            await broker.PublishAsync(Message(topic, text), TestSidecar.Cancellation);
        }
    }

    private static BrokerHandler Into(Channel<string> channel) => (message, _) =>
    {
        channel.Writer.TryWrite(Encoding.UTF8.GetString(message.Data.Span));
        return Task.FromResult(true);
    };

    private static async Task<List<string>> TakeAsync(Channel<string> channel, int count)
    {
        var taken = new List<string>();
        while (taken.Count < count)
        {
            taken.Add(await channel.Reader.ReadAsync(TestSidecar.Cancellation));
        }

        return taken;
    }
}
