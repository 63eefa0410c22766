using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace EdgeMesh.MeshTests.Processes;

/// <summary>A mesh as <c>edgemesh up -d</c> starts it, with a data folder and ports of its own; stopped at the end.</summary>
public sealed class RunningMesh : IAsyncLifetime
{
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly string[] _up = [];
    private readonly string[] _always = [];

    private const int FirstShift = 4_000;
    private const int ShiftStep = 1_000;
    private const int LastShift = 20_000;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    /// <summary>Several meshes may start at a time, and none of these tests is of how long that takes.</summary>
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(150);

    /// <summary>Two that start at once would both find the same ports free.</summary>
    private static int _started;

    private readonly string _data = Directory.CreateTempSubdirectory("edgemesh-mesh-").FullName;
    private int _shift;

    public RunningMesh()
        : this(new Dictionary<string, string>())
    {
    }

    /// <param name="environment">What its processes find there beside their own.</param>
    internal RunningMesh(IReadOnlyDictionary<string, string> environment) => _environment = environment;

    /// <param name="topology">Another topology than the house's.</param>
    /// <param name="engine">embedded or daprd.</param>
    /// <param name="components">A folder of components.</param>
    internal RunningMesh(string topology, string engine, string components)
        : this() => (_always, _up) = (["--topology", topology], ["--engine", engine, "--components", components]);

    /// <summary>Where its sites keep what they know.</summary>
    internal string Data => _data;

    /// <summary>That of the core.</summary>
    internal int CoreGatewayPort => 7101 + _shift;

    internal int GatewayPort => 7201 + _shift;

    /// <summary>That of clinic-b.</summary>
    internal int OtherGatewayPort => 7301 + _shift;

    /// <summary>What the core's monitor measures.</summary>
    internal Uri MonitorOfCore => new($"http://127.0.0.1:{7150 + _shift}/metrics");

    public async ValueTask InitializeAsync()
    {
        var cancellation = TestContext.Current.CancellationToken;
        for (_shift = FirstShift + (ShiftStep * (Interlocked.Increment(ref _started) % 10)); ; _shift += ShiftStep)
        {
            var result = await EdgeMeshCommand.RunAsync(StartLimit + Limit, _environment, cancellation, ["up", "-d", "--ready-within", $"{StartLimit.TotalSeconds}", .. _up, .. Place]);
            if (result.ExitCode == 0)
            {
                return;
            }

            Assert.True(result.Errors.Contains("taken", StringComparison.Ordinal) && _shift < LastShift, result.ToString());
        }
    }

    public async ValueTask DisposeAsync()
    {
        await EdgeMeshCommand.RunAsync(Limit, CancellationToken.None, ["down", .. Place]);
        Directory.Delete(_data, recursive: true);
    }

    internal Task<CommandResult> RunAsync(params string[] arguments) =>
        EdgeMeshCommand.RunAsync(Limit, TestContext.Current.CancellationToken, [.. arguments, .. Place]);

    /// <summary>A practitioner of clinic-a at its gateway.</summary>
    internal Task<HttpClient> PractitionerAsync() => PractitionerAsync("dr-ada", "clinic-a", GatewayPort);

    internal async Task<HttpClient> PractitionerAsync(string user, string site, int gatewayPort)
    {
        var token = await RunAsync("token", "--user", user, "--role", "practitioner", "--site", site);
        Assert.True(token.ExitCode == 0, token.ToString());
        var client = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = IsOurs } }) { BaseAddress = new Uri($"https://127.0.0.1:{gatewayPort}"), Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Output.Trim());
        return client;
    }

    internal bool IsOurs(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        using var authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(_data, "ca.pem"));
        using var own = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
        own.ChainPolicy.CustomTrustStore.Add(authority);
        return certificate is X509Certificate2 given && own.Build(given);
    }

    internal static StringContent Fhir(string json) => new(json, Encoding.UTF8, "application/fhir+json");

    /// <summary>Status and stable code of an OperationOutcome.</summary>
    internal static async Task<(int Status, string? Code, string Text)> OutcomeAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        using var json = JsonDocument.Parse(text);
        Assert.Equal("OperationOutcome", json.RootElement.GetProperty("resourceType").GetString());
        return ((int)answer.StatusCode, json.RootElement.GetProperty("issue")[0].GetProperty("details").GetProperty("coding")[0].GetProperty("code").GetString(), text);
    }

    private string[] Place => [.. _always, "--data-dir", _data, "--port-shift", Shift];

    private string Shift => _shift.ToString(CultureInfo.InvariantCulture);
}
