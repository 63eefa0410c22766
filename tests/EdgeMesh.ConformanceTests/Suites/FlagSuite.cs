using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Engines;
using EdgeMesh.Tests.Servers;
using Grpc.Net.Client;
using DaprApi = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>What a launcher's flags change. Each case starts a sidecar of its own.</summary>
public abstract class FlagSuite(bool isReal) : RunSuite(isReal)
{
    [Fact]
    public async Task UnixDomainSocket_TakesThePlaceOfThePorts()
    {
        await using var run = NewRun();
        run.Start(run.Flags("--unix-domain-socket", Folder), Folder);
        using var http = new HttpClient(Handler("dapr-alpha-http.socket")) { BaseAddress = new Uri("http://localhost") };
        http.DefaultRequestHeaders.Add("dapr-api-token", EngineSetup.ApiToken);
        await run.ReadyAsync(http, Cancellation);
        Assert.Equal("alpha", JsonDocument.Parse(await http.GetStringAsync("/v1.0/metadata", Cancellation)).RootElement.GetProperty("id").GetString());

        using var channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpHandler = Handler("dapr-alpha-grpc.socket") });
        Assert.Equal("alpha", (await new DaprApi(channel).GetMetadataAsync(new GetMetadataRequest(), Running.Token, cancellationToken: Cancellation)).Id);

        using var byPort = run.Client();
        await Assert.ThrowsAsync<HttpRequestException>(() => byPort.GetAsync("/v1.0/metadata", Cancellation));
        run.Stop();
        Assert.Equal(0, await run.ExitCode);
        Assert.Empty(Directory.GetFiles(Folder, "*.socket"));
    }

    [Fact]
    public async Task UnixDomainSocket_AFileInItsPlace_EndsTheSidecar()
    {
        var file = Path.Combine(Folder, "dapr-alpha-http.socket");
        await File.WriteAllTextAsync(file, "somebody's", Cancellation);
        await using var run = NewRun();
        run.Start(run.Flags("--unix-domain-socket", Folder), Folder);
        Assert.Equal(1, await run.ExitCode.WaitAsync(TimeSpan.FromSeconds(20), Cancellation));
    }

    [Theory]
    [InlineData("*", "http://a.example", "*")]
    [InlineData("http://a.example,http://b.example", "http://b.example", "http://b.example")]
    [InlineData("http://*.example", "http://X.example", "http://X.example")]
    [InlineData("http://a.example", "http://evil.example", null)]
    public async Task AllowedOrigins_SayToABrowserWhoMayCall(string flag, string origin, string? allowed)
    {
        await using var run = NewRun();
        run.Start(run.Flags("--allowed-origins", flag), Folder);
        using var client = run.Client();
        await run.ReadyAsync(client, Cancellation);
        client.DefaultRequestHeaders.Add("Origin", origin);
        using var called = await client.GetAsync("/v1.0/metadata", Cancellation);
        Assert.Equal((HttpStatusCode.OK, allowed, "Origin"), (called.StatusCode, Header(called, "Access-Control-Allow-Origin"), Header(called, "Vary")));

        // A browser's question carries no token.
        client.DefaultRequestHeaders.Remove("dapr-api-token");
        using var refused = await client.GetAsync("/v1.0/metadata", Cancellation);
        Assert.Equal((HttpStatusCode.Unauthorized, allowed), (refused.StatusCode, Header(refused, "Access-Control-Allow-Origin")));
        foreach (var (method, mayCall) in new[] { ("PUT", true), ("delete", true), ("TRACE", false) })
        {
            using var question = new HttpRequestMessage(HttpMethod.Options, "/v1.0/state/memory");
            question.Headers.Add("Access-Control-Request-Method", method);
            question.Headers.Add("Access-Control-Request-Headers", "dapr-api-token,x-other");
            using var answer = await client.SendAsync(question, Cancellation);
            var said = allowed is not null && mayCall;
            Assert.Equal(
                (HttpStatusCode.OK, said ? allowed : null, said ? method.ToUpperInvariant() : null, said ? "Dapr-Api-Token, X-Other" : null),
                (answer.StatusCode, Header(answer, "Access-Control-Allow-Origin"), Header(answer, "Access-Control-Allow-Methods"), Header(answer, "Access-Control-Allow-Headers")));
            Assert.Equal("Origin, Access-Control-Request-Method, Access-Control-Request-Headers", Header(answer, "Vary"));
        }
    }

    [Fact]
    public async Task AllowedOrigins_OfNobody_SayNothing()
    {
        await using var run = NewRun();
        run.Start(run.Flags(), Folder);
        using var client = run.Client();
        await run.ReadyAsync(client, Cancellation);
        client.DefaultRequestHeaders.Add("Origin", "http://a.example");
        using var answer = await client.GetAsync("/v1.0/metadata", Cancellation);
        Assert.Equal((null, null), (Header(answer, "Access-Control-Allow-Origin"), Header(answer, "Vary")));
    }

    [Theory]
    [InlineData("GET", "/v1.0/healthz", 204)]
    [InlineData("GET", "/v1.0/healthz/outbound", 204)]
    [InlineData("GET", "/v1.0/metadata", 200)]
    [InlineData("GET", "/v1.0/state/memory/k", 404)]
    [InlineData("GET", "/", 404)]
    public async Task PublicPort_TellsHealthAndMetadataWithoutAToken(string method, string path, int expected)
    {
        await using var run = NewRun();
        var port = FreePorts.Take();
        run.Start(run.Flags("--dapr-public-port", $"{port}", "--dapr-public-listen-address", "127.0.0.1"), Folder);
        using var client = run.Client(port, token: null);
        await run.ReadyAsync(client, Cancellation);
        using var answer = await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path), Cancellation);
        Assert.Equal(expected, (int)answer.StatusCode);
    }

    [Fact]
    public async Task ListenAddresses_Several_EachAnswers()
    {
        await using var run = NewRun();
        run.Start(run.Flags("--dapr-listen-addresses", "127.0.0.1,127.0.0.2"), Folder);
        foreach (var address in new[] { "127.0.0.1", "127.0.0.2" })
        {
            using var client = run.Client(address: address);
            await run.ReadyAsync(client, Cancellation);
            using var channel = GrpcChannel.ForAddress($"http://{address}:{run.GrpcPort}");
            Assert.Equal("alpha", (await new DaprApi(channel).GetMetadataAsync(new GetMetadataRequest(), Running.Token, cancellationToken: Cancellation)).Id);
        }
    }

    [Fact]
    public async Task LogFile_TakesTheLog_InDaprsForm()
    {
        await using var run = NewRun();
        var file = Path.Combine(Folder, "sidecar.log");
        run.Start(run.Flags("--log-file", file), Folder);
        using var client = run.Client();
        await run.ReadyAsync(client, Cancellation);
        await Eventually.HoldsAsync(async () => (await ReadAsync(file)).Contains("dapr initialized. Status: Running", StringComparison.Ordinal), Cancellation);
        var line = (await ReadAsync(file)).Split('\n').First(l => l.Contains("dapr initialized", StringComparison.Ordinal));
        Assert.Matches("""^time="\d{4}-\d\d-\d\dT[0-9:.]+Z" level=info msg="dapr initialized. Status: Running\..*" app_id=alpha instance=\S+ scope=dapr.runtime type=log ver=1\.18\S*$""", line);
    }

    [Fact]
    public async Task LogAsJson_IsAnObjectForEachLine()
    {
        await using var run = NewRun();
        var file = Path.Combine(Folder, "sidecar.log");
        run.Start(run.Flags("--log-file", file, "--log-as-json"), Folder);
        using var client = run.Client();
        await run.ReadyAsync(client, Cancellation);
        await Eventually.HoldsAsync(async () => (await ReadAsync(file)).Contains("dapr initialized. Status: Running", StringComparison.Ordinal), Cancellation);
        var lines = (await ReadAsync(file)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToArray();
        var said = lines.First(l => l.GetProperty("msg").GetString()!.StartsWith("dapr initialized", StringComparison.Ordinal));
        Assert.Equal(["app_id", "instance", "level", "msg", "scope", "time", "type", "ver"], said.EnumerateObject().Select(p => p.Name));
        Assert.Equal(("alpha", "info", "dapr.runtime", "log"), (said.GetProperty("app_id").GetString(), said.GetProperty("level").GetString(), said.GetProperty("scope").GetString(), said.GetProperty("type").GetString()));
        Assert.True(said.GetProperty("time").TryGetDateTimeOffset(out _));
    }

    [Theory]
    [InlineData(0, "--version")]
    [InlineData(0, "--build-info")]
    [InlineData(2, "--no-such-flag")]
    [InlineData(2, "--app-id", "alpha", "--app-max-concurrency", "some")]
    [InlineData(2, "--app-id", "alpha", "--enable-metrics=perhaps")]
    [InlineData(2, "--app-id", "alpha", "--dapr-block-shutdown-duration", "soon")]
    [InlineData(2, "--app-id")]
    [InlineData(1, "--app-port", "5000")]
    [InlineData(1, "--app-id", "alpha", "--log-level", "loud")]
    [InlineData(1, "--app-id", "alpha", "--dapr-http-port", "x")]
    [InlineData(1, "--app-id", "alpha", "--app-protocol", "soap")]
    [InlineData(1, "--app-id", "alpha", "--mode", "mars")]
    [InlineData(1, "--app-id", "alpha", "--max-body-size", "lots")]
    [InlineData(1, "--app-id", "alpha", "--disable-init-endpoints", "all")]
    [InlineData(1, "--app-id", "al.pha")]
    public async Task ExitCode_OfWhatCannotRun_TellsWrongFlagsFromWrongValues(int expected, params string[] flags)
    {
        await using var run = NewRun();
        run.Start(flags, Folder);
        Assert.Equal(expected, await run.ExitCode.WaitAsync(TimeSpan.FromSeconds(20), Cancellation));
    }

    [Fact]
    public async Task Port_ThatIsStillTaken_IsWaitedFor()
    {
        await using var run = NewRun();
        using (var before = new TcpListener(IPAddress.Loopback, run.HttpPort))
        {
            before.Start();
            run.Start(run.Flags("--log-level", "info"), Folder);
            await Eventually.HoldsAsync(() => Task.FromResult(run.Said.Contains(IsReal ? "tarting Dapr Runtime" : "is taken", StringComparison.Ordinal)), Cancellation);
        }

        using var client = run.Client();
        await run.ReadyAsync(client, Cancellation);
    }

    [Fact]
    public async Task Wait_EndsOnceTheSidecarTakesCalls()
    {
        await using var run = NewRun();
        await using var waiting = NewRun();
        waiting.Start(["--wait", "--dapr-http-port", $"{run.HttpPort}"], Folder);
        Assert.False(waiting.ExitCode.IsCompleted);
        run.Start(run.Flags(), Folder);
        Assert.Equal(0, await waiting.ExitCode.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
        using var client = run.Client();
        using var answer = await client.GetAsync("/v1.0/healthz/outbound", Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    [Theory]
    [InlineData("--max-body-size", "1Mi")]
    [InlineData("--dapr-http-max-request-size", "1")]
    public async Task MaxBodySize_ByEitherName_Bounds(string flag, string value)
    {
        await File.WriteAllTextAsync(Path.Combine(Folder, "memory.yaml"), "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: memory}\nspec: {type: state.in-memory, version: v1}\n", Cancellation);
        await using var run = NewRun();
        run.Start(run.Flags("--resources-path", Folder, flag, value), Folder);
        using var client = run.Client();
        await run.ReadyAsync(client, Cancellation);
        async Task<int> SetAsync(int length)
        {
            using var answer = await client.PostAsync("/v1.0/state/memory", Running.Json($$"""[{"key":"k","value":"{{new string('x', length)}}"}]"""), Cancellation);
            return (int)answer.StatusCode;
        }

        Assert.Equal((204, 400), (await SetAsync(900_000), await SetAsync(1_200_000)));
    }

    private static async Task<string> ReadAsync(string file)
    {
        if (!File.Exists(file))
        {
            return "";
        }

        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(Cancellation);
    }

    private SocketsHttpHandler Handler(string socket) => new()
    {
        ConnectCallback = async (_, cancellation) =>
        {
            var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(Folder, socket)), cancellation);
            return new NetworkStream(connection, ownsSocket: true);
        },
    };

    private static string? Header(HttpResponseMessage answer, string name) => answer.Headers.NonValidated.TryGetValues(name, out var values) ? string.Join(", ", values) : null;
}

public sealed class EmbeddedFlagTests() : FlagSuite(isReal: false)
{
    [Fact]
    public async Task UnixDomainSocket_AFileInItsPlace_IsLeft()
    {
        var file = Path.Combine(Folder, "dapr-alpha-grpc.socket");
        await File.WriteAllTextAsync(file, "somebody's", Cancellation);
        await using var run = NewRun();
        run.Start(run.Flags("--unix-domain-socket", Folder), Folder);
        Assert.Equal(1, await run.ExitCode.WaitAsync(TimeSpan.FromSeconds(20), Cancellation));
        Assert.Equal("somebody's", await File.ReadAllTextAsync(file, Cancellation));
    }
}

[Trait("Category", "Engines")]
public sealed class DaprdFlagTests() : FlagSuite(isReal: true);
