using System.Collections.Concurrent;

namespace EdgeMesh.Functions;

/// <summary>A host in memory, for tests of functions: state that starts empty, settings and secrets as given, and a record of every call.</summary>
public sealed class MemoryFunctionHost : IFunctionHost
{
    private readonly ConcurrentQueue<string> _calls = new();

    /// <summary>The function's state.</summary>
    public ConcurrentDictionary<string, ReadOnlyMemory<byte>> State { get; } = new(StringComparer.Ordinal);

    /// <summary>What <c>setting</c> answers.</summary>
    public Dictionary<string, ReadOnlyMemory<byte>> Settings { get; } = new(StringComparer.Ordinal);

    /// <summary>What <c>secret</c> answers.</summary>
    public Dictionary<string, ReadOnlyMemory<byte>> Secrets { get; } = new(StringComparer.Ordinal);

    /// <summary>What was published, by topic.</summary>
    public ConcurrentQueue<(string Topic, ReadOnlyMemory<byte> Data)> Published { get; } = new();

    /// <summary>What <c>invoke</c> answers.</summary>
    public Func<string, ReadOnlyMemory<byte>, HostAnswer> OnInvoke { get; set; } = static (_, _) => new HostAnswer(HostStatus.NotFound);

    /// <summary>Every call, as <c>operation name</c>.</summary>
    public IReadOnlyCollection<string> Calls => _calls;

    /// <inheritdoc/>
    public ValueTask<HostAnswer> GetStateAsync(string key, CancellationToken cancellation) => Find("state_get", key, State);

    /// <inheritdoc/>
    public ValueTask<HostAnswer> SetStateAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellation)
    {
        State[key] = value;
        return Answer("state_set", key, new HostAnswer(HostStatus.Done));
    }

    /// <inheritdoc/>
    public ValueTask<HostAnswer> DeleteStateAsync(string key, CancellationToken cancellation)
    {
        State.TryRemove(key, out _);
        return Answer("state_delete", key, new HostAnswer(HostStatus.Done));
    }

    /// <inheritdoc/>
    public ValueTask<HostAnswer> PublishAsync(string topic, ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        Published.Enqueue((topic, data));
        return Answer("publish", topic, new HostAnswer(HostStatus.Done));
    }

    /// <inheritdoc/>
    public ValueTask<HostAnswer> InvokeAsync(string target, ReadOnlyMemory<byte> body, CancellationToken cancellation) => Answer("invoke", target, OnInvoke(target, body));

    /// <inheritdoc/>
    public ValueTask<HostAnswer> GetSettingAsync(string name, CancellationToken cancellation) => Find("setting", name, Settings);

    /// <inheritdoc/>
    public ValueTask<HostAnswer> GetSecretAsync(string name, CancellationToken cancellation) => Find("secret", name, Secrets);

    /// <inheritdoc/>
    public HostStatus Count(string name, double value)
    {
        _calls.Enqueue($"count {name}");
        return HostStatus.Done;
    }

    private ValueTask<HostAnswer> Find(string operation, string name, IDictionary<string, ReadOnlyMemory<byte>> values) =>
        Answer(operation, name, values.TryGetValue(name, out var value) ? HostAnswer.Of(value) : new HostAnswer(HostStatus.NotFound));

    private ValueTask<HostAnswer> Answer(string operation, string name, HostAnswer answer)
    {
        _calls.Enqueue($"{operation} {name}");
        return ValueTask.FromResult(answer);
    }
}
