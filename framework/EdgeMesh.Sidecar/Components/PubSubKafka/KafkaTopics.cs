using System.Diagnostics;
using Confluent.Kafka;

namespace EdgeMesh.Sidecar.Components.PubSubKafka;

/// <summary>Makes the broker make topics before they are subscribed, if it does so for whoever asks of them. A consumer that subscribes a
/// topic which is not there learns of it only with its next look around.</summary>
internal sealed class KafkaTopics(Handle handle)
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MakeLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>Blocks, for a bounded time.</summary>
    public void Prepare(IEnumerable<string> topics, CancellationToken cancellation)
    {
        var missing = topics.Where(t => !_known.Contains(t)).ToList();
        if (missing.Count == 0)
        {
            return;
        }

        using var admin = new DependentAdminClientBuilder(handle).Build();
        var started = Stopwatch.GetTimestamp();
        while (missing.Count > 0 && !cancellation.IsCancellationRequested && Stopwatch.GetElapsedTime(started) < MakeLimit)
        {
            // All are asked for before one is asked for again: the broker makes them meanwhile.
            missing.RemoveAll(topic => IsThere(admin, topic) && _known.Add(topic));
            if (missing.Count > 0)
            {
                cancellation.WaitHandle.WaitOne(Pause);
            }
        }
    }

    private static bool IsThere(IAdminClient admin, string topic)
    {
        try
        {
            return admin.GetMetadata(topic, AnswerLimit).Topics is [{ Error.Code: ErrorCode.NoError, Partitions.Count: > 0 }];
        }
        catch (KafkaException)
        {
            // The broker is away, or forbids it: the consumer tells later.
            return false;
        }
    }
}
