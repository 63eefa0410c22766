using System.Globalization;
using System.Net;
using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;
using EdgeMesh.Tests.Servers;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>A state store's real server that is killed and comes back, or that is away at the start.</summary>
public abstract class LostServerSuite(bool isReal) : RunSuite(isReal)
{
    [Theory]
    [InlineData("redis")]
    [InlineData("postgresql")]
    public async Task State_WhoseServerWasKilledAndStartedAgain_HasWhatWasAcknowledged_AndWorksByItself(string kind)
    {
        await using var server = await StartAsync(kind);
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, "  tracing: {}\n", Store(kind, server.Port));
        using var client = run.Client();
        var acknowledged = new List<string>();
        var killing = Task.CompletedTask;
        for (var i = 0; ; i++)
        {
            // In the middle of the writes.
            killing = i == 50 ? server.KillAsync() : killing;
            var key = i.ToString(CultureInfo.InvariantCulture);
            using var set = await client.PostAsync("/v1.0/state/mine", Running.Json($$"""[{"key":"{{key}}","value":"{{key}}"}]"""), Cancellation);
            if (!set.IsSuccessStatusCode)
            {
                Assert.Equal((HttpStatusCode.InternalServerError, "ERR_STATE_SAVE"), (set.StatusCode, await StateSuite.ErrorCodeAsync(set)));
                break;
            }

            acknowledged.Add(key);
        }

        await killing;
        using var got = await client.GetAsync("/v1.0/state/mine/0", Cancellation);
        Assert.Equal((HttpStatusCode.InternalServerError, "ERR_STATE_GET"), (got.StatusCode, await StateSuite.ErrorCodeAsync(got)));
        await server.StartAsync(Cancellation);
        await Eventually.HoldsAsync(async () =>
        {
            using var set = await client.PostAsync("/v1.0/state/mine", Running.Json("""[{"key":"again","value":1}]"""), Cancellation);
            return set.IsSuccessStatusCode;
        }, Cancellation);
        foreach (var key in acknowledged)
        {
            Assert.Equal($"\"{key}\"", await client.GetStringAsync($"/v1.0/state/mine/{key}", Cancellation));
        }

        Assert.True(acknowledged.Count >= 50);
        Assert.False(run.ExitCode.IsCompleted);
    }

    [Theory]
    [InlineData("redis")]
    [InlineData("postgresql")]
    public async Task State_WhoseServerIsAwayAtTheStart_EndsTheSidecar_WhichNamesTheComponent(string kind)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Folder, "resources")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "store.yaml"), Store(kind, FreePorts.Take()), Cancellation);
        await using var run = NewRun();
        run.Start(run.Flags("--resources-path", folder), Folder);
        Assert.Equal(1, await run.ExitCode.WaitAsync(TimeSpan.FromSeconds(60), Cancellation));
        Assert.Contains("mine", run.Said, StringComparison.Ordinal);
    }

    private static Task<ServerProcess> StartAsync(string kind) => kind == "redis" ? ServerProcess.RedisAsync(Cancellation) : ServerProcess.PostgresqlAsync(Cancellation);

    private static string Store(string kind, int port) => kind == "redis"
        ? Component("mine", "state.redis", ("redisHost", $"127.0.0.1:{port}"))
        : Component("mine", "state.postgresql", ("connectionString", $"host=127.0.0.1 port={port} user=postgres database=postgres")).Replace("version: v1\n", "version: v2\n", StringComparison.Ordinal);
}

[Trait("Category", "Engines")]
public sealed class EmbeddedLostServerTests() : LostServerSuite(isReal: false);

[Trait("Category", "Engines")]
public sealed class DaprdLostServerTests() : LostServerSuite(isReal: true);
