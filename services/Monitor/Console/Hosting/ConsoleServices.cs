using System.Diagnostics;
using System.Diagnostics.Metrics;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Alerting;
using EdgeMesh.Services.Monitor.Anomalies;
using EdgeMesh.Services.Monitor.Fleet;
using EdgeMesh.Services.Monitor.Ledgers;
using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Console.Hosting;

/// <summary>What of the monitor the console may use.</summary>
internal static class ConsoleServices
{
    public static readonly Type[] Lent =
    [
        typeof(IConfiguration), typeof(IWebHostEnvironment), typeof(IHostEnvironment), typeof(IHostApplicationLifetime), typeof(DiagnosticListener), typeof(IMeterFactory),
        typeof(TimeProvider), typeof(SiteIdentity), typeof(MeshDirectory), typeof(AppClients),
        typeof(TelemetryStore), typeof(FleetBoard), typeof(AlertBook), typeof(AnomalyWatch), typeof(LedgerWatch),
    ];
}
