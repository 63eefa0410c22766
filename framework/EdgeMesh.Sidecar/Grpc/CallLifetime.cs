using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EdgeMesh.Sidecar.Grpc;

/// <summary>How long a stream may last that its client leaves open.</summary>
internal static class CallLifetime
{
    /// <summary>Until the client goes or the sidecar stops, so that open streams hold up no shutdown.</summary>
    public static CancellationTokenSource Lifetime(this ServerCallContext call) => CancellationTokenSource.CreateLinkedTokenSource(
        call.CancellationToken, call.GetHttpContext().RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
}
