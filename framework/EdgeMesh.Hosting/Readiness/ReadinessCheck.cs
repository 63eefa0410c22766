namespace EdgeMesh.Hosting;

/// <summary>Something that a service needs before it can serve.</summary>
/// <param name="Name">Short and stable, such as <c>heads</c>.</param>
/// <param name="Check">Null when it is there; else what is waited for, for people.</param>
internal sealed record ReadinessCheck(string Name, Func<IServiceProvider, CancellationToken, Task<string?>> Check);

/// <summary>One thing that a service waits for.</summary>
/// <param name="Name">The check's name.</param>
/// <param name="Reason">What is waited for, for people.</param>
public sealed record Waiting(string Name, string Reason);

/// <summary>Whether a service can serve.</summary>
/// <param name="Ready">Whether nothing is waited for.</param>
/// <param name="WaitingFor">What is.</param>
public sealed record ReadinessReport(bool Ready, IReadOnlyList<Waiting> WaitingFor);
