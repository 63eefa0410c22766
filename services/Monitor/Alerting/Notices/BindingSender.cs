using Dapr.Client;
using EdgeMesh.Services.Monitor.Alerting.Rules;

namespace EdgeMesh.Services.Monitor.Alerting.Notices;

/// <summary>Hands a notice to a Dapr output binding: a chat, a queue, a pager, whatever stands behind the component.</summary>
internal sealed class BindingSender(BindingRoute route, string site, DaprClient dapr) : INoticeRoute
{
    public string Name => route.Name;

    public async Task<string?> SendAsync(Notice notice, CancellationToken cancellation)
    {
        await dapr.InvokeBindingAsync(new BindingRequest(route.Component, route.Operation) { Data = NoticeBody.Write(site, notice) }, cancellation);
        return null;
    }
}
