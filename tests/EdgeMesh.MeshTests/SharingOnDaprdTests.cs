using System.Text.Json;
using EdgeMesh.MeshTests.Processes;

namespace EdgeMesh.MeshTests;

/// <summary>The story's sharing part on real sidecars: daprd with RabbitMQ as <c>wan</c> and <c>events</c>, SQLite as <c>heads</c>,
/// Cassandra as <c>bodies</c>.</summary>
[Trait("Category", "Engines")]
public sealed class SharingOnDaprdTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Demo_OnDaprdWithRealBrokersAndStores_TheSharingStepsHold()
    {
        await using var rabbit = await ServerProcess.RabbitMqAsync(Cancellation);
        await using var cassandra = await ServerProcess.CassandraAsync(Cancellation);
        var components = Directory.CreateTempSubdirectory("edgemesh-components-").FullName;
        try
        {
            Write(components, rabbit.Port, cassandra.Port);
            await CassandraKeyspace.MakeAsync(Path.Combine(components, "bodies.yaml"), Cancellation);
            var result = await EdgeMeshCommand.RunAsync(
                TimeSpan.FromMinutes(4), Cancellation, "demo", "--json", "--engine", "daprd", "--components", components, "--steps", "start,load,denied,consent");
            var steps = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l.StartsWith('{'))
                .Select(l => JsonDocument.Parse(l).RootElement).ToDictionary(s => s.GetProperty("step").GetString()!, s => s.GetProperty("held").GetBoolean());
            Assert.True(result.ExitCode == 0 && steps.GetValueOrDefault("denied") && steps.GetValueOrDefault("consent"), result.ToString());
        }
        finally
        {
            Directory.Delete(components, recursive: true);
        }
    }

    private static void Write(string folder, int rabbitPort, int cassandraPort)
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "components", "rabbitmq"), "*.yaml"))
        {
            var text = File.ReadAllText(file).Replace("127.0.0.1:5672", $"127.0.0.1:{rabbitPort}", StringComparison.Ordinal);
            File.WriteAllText(Path.Combine(folder, Path.GetFileName(file)), text);
        }

        File.WriteAllText(Path.Combine(folder, "bodies.yaml"), $"""
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
            """);
    }
}
