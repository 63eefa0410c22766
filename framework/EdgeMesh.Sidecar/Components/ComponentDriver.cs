namespace EdgeMesh.Sidecar.Components;

/// <summary>The driver behind a component, which apps share. It is there at once, never, or as soon as its server answers.</summary>
internal sealed class ComponentDriver
{
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _gone = new();
    private volatile object? _instance;
    private volatile string? _failure;

    private ComponentDriver(object? instance, string? failure) => (_instance, _failure) = (instance, failure);

    /// <summary>Null while it is not open.</summary>
    public object? Instance => _instance;

    /// <summary>Why it is not open.</summary>
    public string? Failure => _failure;

    /// <summary>Whether it is not open, and may yet be.</summary>
    public bool IsAwaited { get; private init; }

    /// <summary>Ends when an awaited driver is open.</summary>
    public Task Opened => _opened.Task;

    /// <summary>Ends when another one has taken its place, or none: whoever holds it for longer than a call lets go.</summary>
    public CancellationToken Gone => _gone.Token;

    /// <summary>Another one has taken its place, or none.</summary>
    public void Leave() => _gone.Cancel();

    public static ComponentDriver Open(object instance) => new(instance, null);

    public static ComponentDriver Failed(string failure) => new(null, failure);

    public static ComponentDriver Awaited(string failure) => new(null, failure) { IsAwaited = true };

    /// <summary>The server has answered.</summary>
    public void Set(object instance)
    {
        (_instance, _failure) = (instance, null);
        _opened.TrySetResult();
    }

    /// <summary>It still does not answer.</summary>
    public void Fail(string failure) => _failure = failure;
}
