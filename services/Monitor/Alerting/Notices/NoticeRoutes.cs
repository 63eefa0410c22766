using System.Net;
using Dapr.Client;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Alerting.Rules;

namespace EdgeMesh.Services.Monitor.Alerting.Notices;

/// <summary>The routes of the rules, ready to use.</summary>
internal sealed class NoticeRoutes : IDisposable
{
    private readonly HttpClient _webhooks = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) });

    public NoticeRoutes(AlertRules rules, SiteIdentity identity, SiteSecrets secrets, DaprClient dapr, TimeProvider clock) => All =
    [
        .. rules.Routes.Select(route => route switch
        {
            WebhookRoute webhook => (INoticeRoute)new WebhookSender(webhook, identity.Site, secrets, _webhooks),
            EmailRoute email => new EmailSender(email, identity.Site, secrets, clock),
            BindingRoute binding => new BindingSender(binding, identity.Site, dapr),
            _ => throw new InvalidOperationException($"Nothing sends by a {route.GetType().Name}."),
        }),
    ];

    public IReadOnlyList<INoticeRoute> All { get; }

    public void Dispose() => _webhooks.Dispose();
}
