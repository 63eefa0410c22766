namespace EdgeMesh.Sidecar.Components;

/// <summary>A driver of a server elsewhere. Opening it reads its settings and touches nothing; connecting makes the first contact.
/// What the server does after that (goes away, comes back) is the driver's own matter.</summary>
internal interface IServerDriver : IAsyncDisposable
{
    /// <summary>Returns when the server has answered and holds what the driver needs of it. May be called again after it failed.</summary>
    Task ConnectAsync(CancellationToken cancellation);
}
