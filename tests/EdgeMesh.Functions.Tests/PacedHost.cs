using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Functions.Tests;

/// <summary>A host whose clock moves by what functions do: an invocation waits a second for its answer, a count works for ten milliseconds. To
/// read state is to wait until the test opens the gate.</summary>
internal sealed class PacedHost(FakeTimeProvider clock) : IFunctionHost
{
    public static readonly TimeSpan Wait = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan Work = TimeSpan.FromMilliseconds(10);

    private readonly ConcurrentQueue<string> _calls = new();

    /// <summary>What was done, in its order: <c>waits</c> or <c>works</c>.</summary>
    public IReadOnlyList<string> Calls => [.. _calls];

    public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async ValueTask<HostAnswer> GetStateAsync(string key, CancellationToken cancellation)
    {
        Reached.SetResult();
        await Gate.Task.WaitAsync(cancellation);
        return new HostAnswer(HostStatus.Done);
    }

    public ValueTask<HostAnswer> InvokeAsync(string target, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        _calls.Enqueue("waits");
        clock.Advance(Wait);
        return new(new HostAnswer(HostStatus.Done));
    }

    /// <summary>The one host call that counts as the function's own work.</summary>
    public HostStatus Count(string name, double value)
    {
        _calls.Enqueue("works");
        clock.Advance(Work);
        return HostStatus.Done;
    }

    public ValueTask<HostAnswer> SetStateAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<HostAnswer> DeleteStateAsync(string key, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<HostAnswer> PublishAsync(string topic, ReadOnlyMemory<byte> data, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<HostAnswer> GetSettingAsync(string name, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<HostAnswer> GetSecretAsync(string name, CancellationToken cancellation) => throw new NotSupportedException();
}
