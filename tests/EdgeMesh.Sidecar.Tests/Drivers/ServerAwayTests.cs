using EdgeMesh.Sidecar.Components;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.Drivers;

/// <summary>A server that is away at the start: a sidecar ends, a site goes on without the component.</summary>
public sealed class ServerAwayTests
{
    /// <summary>Nobody listens on the port that no listener can have.</summary>
    public static TheoryData<string, string, string> Away => new()
    {
        { "state.postgresql", "v2", "host=127.0.0.1;port=1;user=nobody" },
        { "state.redis", "v1", "redisHost=127.0.0.1:1" },
        { "pubsub.rabbitmq", "v1", "connectionString=amqp://127.0.0.1:1" },
        { "pubsub.kafka", "v1", "brokers=127.0.0.1:1;authType=none" },
    };

    [Theory, MemberData(nameof(Away))]
    public async Task Sidecar_WhoseServerIsAway_EndsAndNamesTheComponent(string type, string version, string fields)
    {
        var error = await Assert.ThrowsAsync<SidecarConfigurationException>(() => TestSidecar.StartAsync(DriverYaml.Component(type, version, fields)));

        Assert.Contains($"component 'mine' ({type}) can't be opened", error.Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Away))]
    public async Task Site_WhoseServerIsAway_GoesOnAndHealthNamesTheComponent(string type, string version, string fields)
    {
        await using var sidecar = await TestSidecar.StartAsync(DriverYaml.Component(type, version, fields), change: o => o with { ExitOnFailedComponent = false });
        using var http = sidecar.Http();

        var (status, code, message) = await http.GetAsync("/v1.0/healthz", TestSidecar.Cancellation).FaultAsync();
        var call = type.StartsWith("state.", StringComparison.Ordinal)
            ? await http.PostJsonAsync("/v1.0/state/mine", """[{"key":"a","value":1}]""").FaultAsync()
            : await http.PostJsonAsync("/v1.0/publish/mine/t", "1").FaultAsync();

        Assert.Equal((500, "ERR_HEALTH_NOT_READY"), (status, code));
        Assert.Contains("component 'mine' is not open", message, StringComparison.Ordinal);
        Assert.Contains("_NOT_CONFIGURED", call.Code, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Contact_ServerThatComesLater_OpensTheDriver()
    {
        var (server, clock) = (new LateServer(failures: 2), new FakeTimeProvider());
        var driver = ComponentDriver.Awaited("away");
        await using var contact = new ServerContact(new ComponentSpec("mine", "state.mine", "v1", new Dictionary<string, string>()), server, driver, () => server, TimeSpan.FromSeconds(5), clock, NullLogger.Instance);

        Assert.Equal((null, "away"), (driver.Instance, driver.Failure));
        while (!driver.Opened.IsCompleted)
        {
            TestSidecar.Cancellation.ThrowIfCancellationRequested();
            clock.Advance(TimeSpan.FromSeconds(30));
            await Task.Yield();
        }

        Assert.Equal((server, null, 3), (driver.Instance, driver.Failure, server.Tries));
    }

    private sealed class LateServer(int failures) : IServerDriver
    {
        public int Tries { get; private set; }

        public Task ConnectAsync(CancellationToken cancellation) =>
            ++Tries <= failures ? throw new IOException("refused") : Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
