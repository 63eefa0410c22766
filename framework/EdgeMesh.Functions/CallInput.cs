namespace EdgeMesh.Functions;

/// <summary>What a function is called with, in the convention of WASI commands that Dapr's <c>bindings.wasm</c>, Wagi and Spin share.</summary>
public sealed record CallInput
{
    /// <summary>The request's data, on stdin.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>The arguments; the first is the function's name.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The environment: exactly this, nothing of the process.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>What it may use.</summary>
    public CallLimits Limits { get; init; } = new();

    /// <summary>Whether it reads clocks in nanoseconds; else in steps of a millisecond, too coarse to time the machine's caches.</summary>
    public bool PreciseClock { get; init; }

    /// <summary>What it may do beyond stdin and stdout; null: nothing.</summary>
    public IFunctionHost? Host { get; init; }
}
