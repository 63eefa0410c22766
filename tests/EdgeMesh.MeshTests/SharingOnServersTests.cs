using System.Text.Json;
using EdgeMesh.MeshTests.Processes;
using EdgeMesh.Tests.Servers;

namespace EdgeMesh.MeshTests;

/// <summary>The story's sharing part on real servers. On daprd: RabbitMQ as <c>wan</c> and <c>events</c>, SQLite as <c>heads</c>,
/// Cassandra as <c>bodies</c>.</summary>
[Trait("Category", "Engines")]
public sealed class SharingOnServersTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Demo_OnDaprdWithRealBrokersAndStores_TheSharingStepsHold()
    {
        await using var rabbit = await ServerProcess.RabbitMqAsync(Cancellation);
        await using var cassandra = await ServerProcess.CassandraAsync(Cancellation);
        using var components = ComponentFolder.Copy("rabbitmq", ("127.0.0.1:5672", $"127.0.0.1:{rabbit.Port}"));
        components.Write("bodies.yaml", Bodies(cassandra.Port));
        await CassandraKeyspace.MakeAsync(Path.Combine(components.Path, "bodies.yaml"), Cancellation);
        await HoldsAsync("daprd", components.Path);
    }

    /// <summary>The same on the embedded engine's own drivers.</summary>
    [Fact]
    public async Task Demo_OnTheEmbeddedEngineWithRabbitMqAndPostgresql_TheSharingStepsHold()
    {
        var servers = await Task.WhenAll(ServerProcess.RabbitMqAsync(Cancellation), ServerProcess.PostgresqlAsync(Cancellation));
        await using var rabbit = servers[0];
        await using var postgresql = servers[1];
        using var components = ComponentFolder.Copy("kafka", ("port=5432 user=edgemesh database=edgemesh", $"port={postgresql.Port} user=postgres database=postgres"));
        using var brokers = ComponentFolder.Copy("rabbitmq", ("127.0.0.1:5672", $"127.0.0.1:{rabbit.Port}"));
        foreach (var name in new[] { "wan.yaml", "events.yaml" })
        {
            File.Copy(Path.Combine(brokers.Path, name), Path.Combine(components.Path, name), overwrite: true);
        }

        await HoldsAsync("embedded", components.Path);
    }

    private static async Task HoldsAsync(string engine, string components)
    {
        var result = await EdgeMeshCommand.RunAsync(
            TimeSpan.FromMinutes(4), Cancellation, "demo", "--json", "--engine", engine, "--components", components, "--steps", "start,load,denied,consent");
        var steps = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l.StartsWith('{'))
            .Select(l => JsonDocument.Parse(l).RootElement).ToDictionary(s => s.GetProperty("step").GetString()!, s => s.GetProperty("held").GetBoolean());
        Assert.True(result.ExitCode == 0 && steps.GetValueOrDefault("denied") && steps.GetValueOrDefault("consent"), result.ToString());
    }

    private static string Bodies(int cassandraPort) => $"""
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: bodies
        spec:
          type: state.cassandra
          version: v1
          metadata:
            - name: hosts
              value: "127.0.0.1"
            - name: port
              value: "{cassandraPort}"
            - name: keyspace
              value: edgemesh
            - name: table
              value: bodies
            - name: consistency
              value: Quorum
        """;
}
