using Microsoft.Data.Sqlite;

namespace EdgeMesh.Sidecar.Tests.Sidecars;

/// <summary>Where a sidecar tells others that it is.</summary>
public sealed class InternalAddressTests : IDisposable
{
    private readonly string _folder = TestSidecar.TemporaryFolder();

    [Theory]
    [InlineData("127.0.0.1", "10.1.2.3", "10.1.2.3")]
    [InlineData("127.0.0.1", null, "127.0.0.1")]
    [InlineData("0.0.0.0", null, "127.0.0.1")]
    public async Task Register_IsWhereItListens_UnlessDaprHostIpSaysOtherwise(string listens, string? hostIp, string expected)
    {
        var configuration = Path.Combine(_folder, "config.yaml");
        await File.WriteAllTextAsync(
            configuration,
            "kind: Configuration\nspec: { nameResolution: { component: sqlite, configuration: { connectionString: names.db } } }\n",
            TestSidecar.Cancellation);
        await using var sidecar = await TestSidecar.StartAsync(folder: _folder, change: o => o with
        {
            ConfigurationPaths = [configuration],
            InternalListenAddress = listens,
            Environment = hostIp is null ? new Dictionary<string, string>() : new Dictionary<string, string> { ["DAPR_HOST_IP"] = hostIp },
        });
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(_folder, "names.db")};Pooling=False");
        await connection.OpenAsync(TestSidecar.Cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT address FROM hosts WHERE app_id = 'alpha'";
        Assert.Matches($@"^{expected.Replace(".", @"\.", StringComparison.Ordinal)}:\d+$", (string?)await command.ExecuteScalarAsync(TestSidecar.Cancellation) ?? "");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
