using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace EdgeMesh.Sidecar.Tests.CommandLine;

public sealed partial class SidecarCommandLineTests : IDisposable
{
    private static readonly Dictionary<string, string> Environment = new() { ["DAPR_API_TOKEN"] = TestSidecar.Token };

    private readonly string _folder = TestSidecar.TemporaryFolder();
    private readonly StringWriter _error = new();

    [Fact]
    public async Task Run_UntilItIsTerminated_ServesAndEndsWith0()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "stores.yaml"), Yaml.Component("memory", "state.in-memory"), TestSidecar.Cancellation);
        using var stop = new CancellationTokenSource();
        var output = new Started();
        var run = RunAsync(stop.Token, output, "--resources-path", _folder);
        using var http = new HttpClient { BaseAddress = await output.Http.Task.WaitAsync(TimeSpan.FromSeconds(10), TestSidecar.Cancellation) };
        http.DefaultRequestHeaders.Add("dapr-api-token", TestSidecar.Token);
        Assert.Equal(204, await http.GetAsync("/v1.0/state/memory/k", TestSidecar.Cancellation).StatusAsync());
        await stop.CancelAsync();
        Assert.Equal(0, await run);
    }

    [Fact]
    public async Task Run_ShutDownByTheApi_EndsWith0()
    {
        var output = new Started();
        var run = RunAsync(TestSidecar.Cancellation, output);
        using var http = new HttpClient { BaseAddress = await output.Http.Task.WaitAsync(TimeSpan.FromSeconds(10), TestSidecar.Cancellation) };
        http.DefaultRequestHeaders.Add("dapr-api-token", TestSidecar.Token);
        Assert.Equal(204, await http.PostAsync("/v1.0/shutdown", null, TestSidecar.Cancellation).StatusAsync());
        Assert.Equal(0, await run);
    }

    [Fact]
    public async Task Run_ComponentCannotOpen_EndsWith1AndNamesIt()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "stores.yaml"), Yaml.Component("broken", "state.sqlite", ("connectionString", "/proc/none/x.db")), TestSidecar.Cancellation);
        Assert.Equal(1, await RunAsync(TestSidecar.Cancellation, new StringWriter(), "--resources-path", _folder));
        Assert.Contains("component 'broken' (state.sqlite) can't be opened", _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nameResolution: {component: mdns}", 1, "daprd.yaml:5: the name resolution 'mdns' is not served")]
    [InlineData("accessControl: {defaultAction: perhaps}", 1, "daprd.yaml:5: 'defaultAction' must be allow or deny")]
    [InlineData("accessControl: {defaultAction: deny, policies: [{appId: a, operations: [{name: /x, verbs: [GET]}]}]}", 1, "'verbs' is not known here")]
    [InlineData("api: {denied: [{name: state}]}", 1, "'version' is missing")]
    [InlineData("features: [{name: HotReload, enabled: true}]", 0, "")]
    [InlineData("tracing: {samplingRate: '1'}", 0, "")]
    [InlineData("accessControl: {defaultAction: deny}", 0, "")]
    [InlineData("httpPipeline: {}", 0, "")]
    [InlineData("httpPipeline: {handlers: [{name: a, type: middleware.http.opa}]}", 1, "daprd.yaml:5: httpPipeline names the component 'a' of type 'middleware.http.opa', which no resource defines")]
    [InlineData("appHttpPipeline: {handlers: [{name: a, type: middleware.http.opa}]}", 1, "daprd.yaml:5: appHttpPipeline names the component 'a' of type 'middleware.http.opa', which no resource defines")]
    [InlineData("tracing: {samplingRate: '7'}", 1, "daprd.yaml:5: 'samplingRate' must be a number from 0 to 1")]
    [InlineData("mtls: {enabled: false, workloadCertTTL: 1h}", 0, "")]
    [InlineData("mtls: {enabled: true}", 1, "daprd.yaml:5: 'mtls.enabled' alone switches nothing on")]
    [InlineData("wasm: {strictSandbox: true}", 1, "daprd.yaml:5: 'wasm' is not served")]
    public async Task Run_ConfigurationFile_IsRefusedWhereItWouldChangeWhatAnAppSees(string section, int expected, string error)
    {
        var file = Path.Combine(_folder, "daprd.yaml");
        await File.WriteAllTextAsync(file, $"apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: {{name: c}}\nspec:\n  {section}\n", TestSidecar.Cancellation);
        using var stop = new CancellationTokenSource();
        var output = new Started();
        var run = RunAsync(stop.Token, output, "--config", file);
        await Task.WhenAny(run, output.Http.Task);
        await stop.CancelAsync();
        Assert.Equal(expected, await run);
        Assert.Contains(error, _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ASocketOfAKilledProcess_IsTakenOver_AndOneThatIsServedIsNot()
    {
        var path = Path.Combine(_folder, "dapr-alpha-http.socket");
        using (var killed = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            killed.Bind(new UnixDomainSocketEndPoint(path));
            killed.Listen();
            Assert.Equal(1, await RunAsync(TestSidecar.Cancellation, new StringWriter(), "--unix-domain-socket", _folder));
            Assert.Contains("another process serves this socket", _error.ToString(), StringComparison.Ordinal);
            File.Move(path, path + ".kept");
        }

        // What is left when nobody closes it.
        File.Move(path + ".kept", path);
        using var stop = new CancellationTokenSource();
        var output = new Started();
        var run = RunAsync(stop.Token, output, "--unix-domain-socket", _folder);
        Assert.Equal(new Uri("unix://" + path), await output.Http.Task.WaitAsync(TimeSpan.FromSeconds(10), TestSidecar.Cancellation));
        await stop.CancelAsync();
        Assert.Equal(0, await run);
    }

    [Theory]
    [InlineData("no-such-folder", "there is no such folder for sockets")]
    [InlineData(".", "a socket's path can have 107 bytes")]
    public async Task Run_SocketsThatCantBeMade_EndsWith1AndSaysWhy(string folder, string expected)
    {
        var place = Directory.CreateDirectory(Path.Combine(_folder, new string('x', 100))).FullName;
        Assert.Equal(1, await RunAsync(TestSidecar.Cancellation, new StringWriter(), "--unix-domain-socket", Path.Combine(place, folder)));
        Assert.Contains(expected, _error.ToString(), StringComparison.Ordinal);
    }

    /// <summary>An address of those that are for documents alone.</summary>
    [Theory]
    [InlineData("--dapr-listen-addresses", "192.0.2.1", "192.0.2.1: this machine has no such address")]
    [InlineData("--metrics-listen-address", "192.0.2.1", "requested address")]
    public async Task Run_AnAddressThatIsNotTheMachines_EndsWith1AndSaysIt(string flag, string address, string expected)
    {
        Assert.Equal(1, await RunAsync(TestSidecar.Cancellation, new StringWriter(), flag, address, "--metrics-port", "0"));
        Assert.Contains(expected, _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_LogFileThatCantBeWritten_EndsWith1AndNamesIt()
    {
        Assert.Equal(1, await RunAsync(TestSidecar.Cancellation, new StringWriter(), "--log-file", Path.Combine(_folder, "none", "x.log")));
        Assert.Contains("x.log", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WaitForNobody_EndsWhenItIsTerminated()
    {
        using var stop = new CancellationTokenSource();
        using var output = new StringWriter();
        var run = SidecarCommandLine.RunAsync(["--wait", "--dapr-http-port", "1"], Environment, output, _error, stop.Token);
        Assert.False(run.IsCompleted);
        await stop.CancelAsync();
        Assert.Equal(1, await run);
    }

    [Fact]
    public async Task Run_WrongFlags_EndsWith2()
    {
        Assert.Equal(2, await RunAsync(TestSidecar.Cancellation, new StringWriter(), "--nonsense"));
        Assert.Contains("--nonsense is not a flag of daprd", _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help", "--app-id NAME")]
    [InlineData("--version", "1.18")]
    public async Task Run_Questions_AreAnswered(string flag, string expected)
    {
        var output = new StringWriter();
        Assert.Equal(0, await RunAsync(TestSidecar.Cancellation, output, flag));
        Assert.Contains(expected, output.ToString(), StringComparison.Ordinal);
    }

    private Task<int> RunAsync(CancellationToken stop, TextWriter output, params string[] more) =>
        SidecarCommandLine.RunAsync(["--app-id", "alpha", "--dapr-http-port", "0", "--dapr-grpc-port", "0", "--log-level", "fatal", .. more], Environment, output, _error, stop);

    public void Dispose()
    {
        _error.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Waits for the line that says where the API is.</summary>
    private sealed partial class Started : StringWriter
    {
        public TaskCompletionSource<Uri> Http { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override void WriteLine(string? value)
        {
            if (Address().Match(value ?? "") is { Success: true } match)
            {
                Http.TrySetResult(new Uri(match.Groups[1].Value));
            }
        }

        [GeneratedRegex("HTTP ((?:http|unix)://[^;]+);")]
        private static partial Regex Address();
    }
}
