using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.MutualTls;

/// <summary>The identities of the process's apps, each with a certificate of its own.</summary>
internal sealed class WorkloadIdentities : IAsyncDisposable
{
    private readonly Dictionary<string, WorkloadIdentity> _byApp = new(StringComparer.Ordinal);

    private WorkloadIdentities()
    {
    }

    /// <summary>Asks sentry for all.</summary>
    /// <exception cref="SidecarConfigurationException">Sentry gives an app no certificate.</exception>
    public static async Task<WorkloadIdentities> OpenAsync(SidecarOptions options, TrustAnchors anchors, ILogger logger, CancellationToken cancellation)
    {
        var identities = new WorkloadIdentities();
        var sentry = new Sentry(options.MutualTls!, options.Namespace, anchors);
        try
        {
            foreach (var app in options.Apps)
            {
                identities._byApp[app.AppId] = await WorkloadIdentity.OpenAsync(app.Identity ?? app.AppId, sentry, anchors, options.Clock, logger, cancellation);
            }

            return identities;
        }
        catch
        {
            await identities.DisposeAsync();
            throw;
        }
    }

    public WorkloadIdentity Of(string appId) => _byApp[appId];

    public async ValueTask DisposeAsync()
    {
        foreach (var identity in _byApp.Values)
        {
            await identity.DisposeAsync();
        }
    }
}
