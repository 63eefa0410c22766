using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using EdgeMesh.Functions;
using EdgeMesh.Services.Functions.Deployments;
using EdgeMesh.Services.Functions.Running;
using EdgeMesh.Services.Functions.Triggers.Retries;

namespace EdgeMesh.Services.Functions.Triggers.Topics;

/// <summary>Calls one function with the messages of a topic, one or a batch at a time. A message whose call failed is parked, alone: one that poisons does not
/// spoil the others, and the topic goes on.</summary>
internal sealed class TopicSource(string function, TopicTrigger trigger, FunctionRetries retries, TimeProvider clock, Func<string, KnownBundle?> choose, FunctionCalls calls)
    : TriggerSource(function, choose, calls)
{
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(20);

    private readonly RetryPlan _plan = new(trigger.Retries, trigger.DeadLetter);
    private readonly Lock _gate = new();
    private Batch? _open;

    public TopicTrigger Trigger => trigger;

    public string Topic => trigger.Name;

    /// <summary>True: the message is done with, or parked. False: bring it again.</summary>
    /// <param name="message">The message.</param>
    /// <param name="isShared">Whether other functions want it too.</param>
    /// <param name="cancellation">Ends it before its call is begun.</param>
    public Task<bool> TakeAsync(TopicMessage message, bool isShared, CancellationToken cancellation)
    {
        var call = Call([message]);
        return retries.TakeAsync(call, _plan, () => trigger.Batch == 1 ? CallAsync(call, cancellation) : Join(message, cancellation), isShared, cancellation);
    }

    private Task<CallResult?> Join(TopicMessage message, CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_open is null)
            {
                var batch = _open = new Batch();
                batch.Timer = clock.CreateTimer(_ => Close(batch, cancellation), null, Linger, Timeout.InfiniteTimeSpan);
            }

            var joined = _open;
            joined.Messages.Add(message);
            if (joined.Messages.Count >= trigger.Batch)
            {
                Close(joined, cancellation);
            }

            return joined.Done.Task;
        }
    }

    private void Close(Batch batch, CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (batch.IsClosed)
            {
                return;
            }

            batch.IsClosed = true;
            batch.Timer?.Dispose();
            _open = _open == batch ? null : _open;
        }

        _ = FinishAsync(batch, cancellation);
    }

    private async Task FinishAsync(Batch batch, CancellationToken cancellation)
    {
        try
        {
            batch.Done.SetResult(await CallAsync(Call(batch.Messages), cancellation));
        }
        catch (Exception error)
        {
            batch.Done.SetException(error);
        }
    }

    private TriggeredCall Call(IReadOnlyList<TopicMessage> messages)
    {
        var keys = messages.Select(m => m.IdempotencyKey).ToArray();
        var environment = new Dictionary<string, string>
        {
            ["EDGEMESH_TOPIC"] = messages[0].Topic,
            ["EDGEMESH_MESSAGE_SOURCE"] = messages[0].Source,
            ["EDGEMESH_MESSAGE_ID"] = messages[0].Id,
            ["EDGEMESH_MESSAGES"] = messages.Count.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["CONTENT_TYPE"] = trigger.Batch == 1 ? messages[0].ContentType : "application/json",
        };
        if (trigger.Batch == 1)
        {
            return new TriggeredCall(TriggerNames.Topic, keys[0], messages[0].Data, environment) { Trace = messages[0].Trace };
        }

        // A message that comes again may come in another company: each has a key of its own.
        environment["EDGEMESH_IDEMPOTENCY_KEYS"] = JsonSerializer.Serialize(keys, KeysJson.Default.StringArray);
        var call = new TriggeredCall(TriggerNames.Topic, keys.Length == 1 ? keys[0] : $"{keys[0]}+{keys.Length - 1}", Array(messages), environment);
        // Of several traces none is the call's own.
        return messages.Count == 1 ? call with { Trace = messages[0].Trace } : call with { Links = [.. messages.Select(m => m.Trace).Where(t => t != default).Distinct()] };
    }

    /// <summary>A batch is a JSON array, of whatever length: JSON messages as they are, others as texts.</summary>
    private static byte[] Array(IReadOnlyList<TopicMessage> messages)
    {
        using var array = new MemoryStream();
        array.WriteByte((byte)'[');
        for (var i = 0; i < messages.Count; i++)
        {
            if (i > 0)
            {
                array.WriteByte((byte)',');
            }

            var message = messages[i];
            array.Write(message.ContentType.Contains("json", StringComparison.OrdinalIgnoreCase)
                ? message.Data.Span
                : Encoding.UTF8.GetBytes($"\"{JsonEncodedText.Encode(Encoding.UTF8.GetString(message.Data.Span))}\""));
        }

        array.WriteByte((byte)']');
        return array.ToArray();
    }

    /// <summary>Guarded by the gate until it is closed.</summary>
    private sealed class Batch
    {
        public List<TopicMessage> Messages { get; } = [];

        public TaskCompletionSource<CallResult?> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ITimer? Timer { get; set; }

        public bool IsClosed { get; set; }
    }
}

/// <summary>The keys of a batch's messages, for its environment.</summary>
[JsonSerializable(typeof(string[]))]
internal sealed partial class KeysJson : JsonSerializerContext;
