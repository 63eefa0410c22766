using EdgeMesh.Services.Functions;
using EdgeMesh.Services.Gateway;
using EdgeMesh.Services.Ledger;
using EdgeMesh.Services.Monitor;
using EdgeMesh.Services.Records;
using Microsoft.AspNetCore.Builder;

namespace EdgeMesh.Cli.Sites;

/// <summary>The services that this program can host in its own process.</summary>
internal static class ServiceCatalog
{
    private static readonly Dictionary<string, Func<WebApplicationBuilder, WebApplication>> Services = new()
    {
        [GatewayApp.AppId] = GatewayApp.Create,
        [RecordsApp.AppId] = RecordsApp.Create,
        [LedgerApp.AppId] = LedgerApp.Create,
        [FunctionsApp.AppId] = FunctionsApp.Create,
        [MonitorApp.AppId] = MonitorApp.Create,
    };

    public static IEnumerable<string> Names => Services.Keys;

    public static Func<WebApplicationBuilder, WebApplication>? Find(string name) => Services.GetValueOrDefault(name);
}
