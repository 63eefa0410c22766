using System.Reflection;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Components.PubSubRabbitMq;
using RabbitMQ.Client;

namespace EdgeMesh.Sidecar.Tests.Drivers;

public sealed class RabbitConsumerTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Deliver_OneAtATime_WaitsForWhatAChannelBeforeDelivered()
    {
        var options = RabbitOptions.Read(new ComponentSpec("events", "pubsub.rabbitmq", "v1", new Dictionary<string, string> { ["hostname"] = "x", ["concurrencyMode"] = "single" }));
        using var turns = new SemaphoreSlim(options.MostInHand);
        var (inHand, goOn, second) = (new InHand(), new TaskCompletionSource(), new TaskCompletionSource());
        var begun = 0;
        async Task<bool> HandleAsync(BrokerMessage message, CancellationToken cancellation)
        {
            if (Interlocked.Increment(ref begun) == 2)
            {
                second.SetResult();
            }

            await goOn.Task;
            return true;
        }

        RabbitConsumer Consumer() => new(DispatchProxy.Create<IChannel, OpenChannel>(), options, "orders", HandleAsync, inHand, turns, Cancellation);
        static Task DeliverAsync(RabbitConsumer consumer) => consumer.HandleBasicDeliverAsync("", 1, false, "", "", new BasicProperties(), new byte[1], Cancellation);

        await DeliverAsync(Consumer());
        // The connection broke, and the app still works: the next channel's consumer takes its message, and does not begin.
        await DeliverAsync(Consumer());
        while (inHand.Count < 2 || Volatile.Read(ref begun) < 1)
        {
            Cancellation.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        Assert.Equal(0, turns.CurrentCount);
        Assert.False(second.Task.IsCompleted);
        goOn.SetResult();
        await second.Task.WaitAsync(Limit, Cancellation);
        await inHand.EndedAsync().WaitAsync(Limit, Cancellation);
        Assert.Equal(2, begun);
    }

    /// <summary>A channel that is open and takes every acknowledgement.</summary>
    public class OpenChannel : DispatchProxy
    {
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            targetMethod!.ReturnType == typeof(bool) ? true
            : targetMethod.ReturnType == typeof(ValueTask) ? ValueTask.CompletedTask
            : null;
    }
}
