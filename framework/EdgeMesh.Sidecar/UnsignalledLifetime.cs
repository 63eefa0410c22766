using Microsoft.Extensions.Hosting;

namespace EdgeMesh.Sidecar;

/// <summary>Signals are for the program that holds the sidecar: it may have more to do before it stops this.</summary>
internal sealed class UnsignalledLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
