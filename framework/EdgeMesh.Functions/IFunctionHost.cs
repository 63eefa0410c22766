namespace EdgeMesh.Functions;

/// <summary>What a function may do beyond stdin and stdout (module <c>edgemesh_v1</c>). An implementation grants only what the function's
/// manifest permits and answers <see cref="HostStatus.Denied"/> to the rest. Called on the call's own thread, which waits.</summary>
public interface IFunctionHost
{
    /// <summary>Reads a value below the function's own prefix.</summary>
    ValueTask<HostAnswer> GetStateAsync(string key, CancellationToken cancellation);

    /// <summary>Writes a value below the function's own prefix.</summary>
    ValueTask<HostAnswer> SetStateAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellation);

    /// <summary>Deletes a value below the function's own prefix; deleting what is not there is no error.</summary>
    ValueTask<HostAnswer> DeleteStateAsync(string key, CancellationToken cancellation);

    /// <summary>Publishes to a topic that the manifest names.</summary>
    ValueTask<HostAnswer> PublishAsync(string topic, ReadOnlyMemory<byte> data, CancellationToken cancellation);

    /// <summary>Invokes a service that the manifest names: <paramref name="target"/> is <c>METHOD app/path</c>. The answer is the body.</summary>
    ValueTask<HostAnswer> InvokeAsync(string target, ReadOnlyMemory<byte> body, CancellationToken cancellation);

    /// <summary>Reads a setting of the manifest.</summary>
    ValueTask<HostAnswer> GetSettingAsync(string name, CancellationToken cancellation);

    /// <summary>Reads a secret that the manifest refers to.</summary>
    ValueTask<HostAnswer> GetSecretAsync(string name, CancellationToken cancellation);

    /// <summary>Adds to a counter of the function's own.</summary>
    HostStatus Count(string name, double value);
}

/// <summary>How a host call ended; negative ones are what the function sees.</summary>
public enum HostStatus
{
    /// <summary>Done.</summary>
    Done = 0,

    /// <summary>There is no such key, setting or secret.</summary>
    NotFound = -1,

    /// <summary>The manifest does not grant it.</summary>
    Denied = -2,

    /// <summary>A name, pointer or size that cannot be.</summary>
    Invalid = -3,

    /// <summary>What is behind it does not answer now; trying again later may help.</summary>
    Unavailable = -4,

    /// <summary>More bytes, or more calls, than this call may use, or more state than the function may keep.</summary>
    TooMuch = -5,
}

/// <summary>What a host call answers.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Data">The value, when there is one.</param>
public readonly record struct HostAnswer(HostStatus Status, ReadOnlyMemory<byte> Data = default)
{
    /// <summary>Done, with a value.</summary>
    public static HostAnswer Of(ReadOnlyMemory<byte> data) => new(HostStatus.Done, data);
}
