namespace EdgeMesh.Functions.Tests;

/// <summary>A host that does what the test says when a function invokes or counts. A count is the one host call that is the function's own work.</summary>
internal sealed class ScriptedHost : IFunctionHost
{
    public Func<string, CancellationToken, Task> OnInvoke { get; init; } = static (_, _) => Task.CompletedTask;

    public Action<string> OnCount { get; init; } = static _ => { };

    public async ValueTask<HostAnswer> InvokeAsync(string target, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        await OnInvoke(target, cancellation);
        return new HostAnswer(HostStatus.Done);
    }

    public HostStatus Count(string name, double value)
    {
        OnCount(name);
        return HostStatus.Done;
    }

    public ValueTask<HostAnswer> GetStateAsync(string key, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<HostAnswer> SetStateAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<HostAnswer> DeleteStateAsync(string key, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<HostAnswer> PublishAsync(string topic, ReadOnlyMemory<byte> data, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<HostAnswer> GetSettingAsync(string name, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<HostAnswer> GetSecretAsync(string name, CancellationToken cancellation) => throw new NotSupportedException();
}
