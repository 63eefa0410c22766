using CsCheck;
using EdgeMesh.Sidecar.CommandLine;
using EdgeMesh.Sidecar.CommandLine.RunFiles;
using EdgeMesh.Sidecar.Resources;

namespace EdgeMesh.Sidecar.Tests.Fuzz;

/// <summary>Whatever a YAML file holds, its reader tells faults by name: it never throws, and ends.</summary>
public sealed class YamlTests : IDisposable
{
    private const string Resources = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: memory, namespace: core }
        spec: { type: state.in-memory, version: v1, initTimeout: 5s, ignoreErrors: true, metadata: [{ name: a, value: "1" }, { name: b, secretKeyRef: { name: s, key: k } }, { name: c, envRef: E }] }
        auth: { secretStore: files }
        scopes: [alpha, beta]
        ---
        apiVersion: dapr.io/v2alpha1
        kind: Subscription
        metadata: { name: s }
        spec: { pubsubname: p, topic: t, routes: { rules: [{ match: event.type == "x", path: /x }], default: /y }, bulkSubscribe: { enabled: true, maxMessagesCount: 10, maxAwaitDurationMs: 5 }, deadLetterTopic: d, metadata: { rawPayload: "true" } }
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata: { name: r }
        spec:
          policies:
            timeouts: { short: 1s }
            retries: { twice: { policy: exponential, duration: 1s, maxInterval: 5s, maxRetries: 2, matching: { httpStatusCodes: "429,500-599", gRPCStatusCodes: "1-16" } } }
            circuitBreakers: { trips: { maxRequests: 1, interval: 1s, timeout: 1m, trip: consecutiveFailures >= 2 } }
          targets:
            apps: { beta: { timeout: short, retry: twice, circuitBreaker: trips } }
            actors: { cart: { circuitBreaker: trips, circuitBreakerScope: both } }
            components: { memory: { outbound: { retry: twice }, inbound: { timeout: short } } }
        ---
        apiVersion: dapr.io/v1alpha1
        kind: HTTPEndpoint
        metadata: { name: outside }
        spec: { baseUrl: "https://example.org/base", headers: [{ name: x, value: y }], clientTLS: { rootCA: { value: x } } }
        """;

    private const string Configuration = """
        apiVersion: dapr.io/v1alpha1
        kind: Configuration
        metadata: { name: c }
        spec:
          accessControl: { defaultAction: deny, trustDomain: public, policies: [{ appId: a, namespace: core, defaultAction: allow, operations: [{ name: /x/*, httpVerb: [GET, "*"], action: deny }] }] }
          api: { allowed: [{ name: state, version: v1.0, protocol: http }], denied: [] }
          secrets: { scopes: [{ storeName: s, defaultAccess: deny, allowedSecrets: [a], deniedSecrets: [b] }] }
          features: [{ name: F, enabled: true }]
          tracing: { samplingRate: "0.5", stdout: true, zipkin: { endpointAddress: "http://localhost:9411/" }, otel: { endpointAddress: "localhost:4317", protocol: grpc, isSecure: false, headers: ["a=b"], timeout: 5s } }
          nameResolution: { component: sqlite, version: v1, configuration: { connectionString: names.db, updateInterval: 30s } }
          httpPipeline: { handlers: [{ name: m, type: middleware.http.uppercase }] }
          appHttpPipeline: { handlers: [] }
          mtls: { enabled: false }
          metric: { enabled: true }
        """;

    private const string Run = """
        version: 1
        common: { resourcesPaths: [a, b], env: { A: b }, logLevel: info, appProtocol: grpc, configFilePath: c.yaml }
        apps:
        - { appID: one, appDirPath: ., appPort: 5000, daprHTTPPort: 3500, command: [dotnet, run], env: { X: 1 }, enableAppHealthCheck: true, appHealthProbeInterval: 5, metricsPort: 9091 }
        - { appID: two, appProtocol: http, unixDomainSocket: /tmp, maxBodySize: 8Mi, readBufferSize: 32Ki }
        """;

    /// <summary>What means something to YAML, or to these readers.</summary>
    private static readonly string[] Pieces =
    [
        "", "{", "}", "[", "]", ": ", "- ", "\n", "\n---\n", "&a ", "*a", "!!binary ", "!x ", "? ", "| ", ">-\n", "\"", "'", "#", "%", "@", "`", "\t", "\0", "\u00e9", "\ud83d\ude00", "null", "~", "true", "-1",
        "99999999999999999999", "1e999", "P1D", "999999h", "<<: *a", "{}", "[]", "\\", "kind: Component", "spec:", "\r\n", "..", "\u2028",
    ];

    /// <summary>Places, and what comes there in place of what was.</summary>
    private static readonly Gen<(int At, int Length, string Piece)[]> Changes =
        Gen.Select(Gen.Int[0, 4000], Gen.Int[0, 12], Gen.Int[0, Pieces.Length - 1].Select(i => Pieces[i])).Array[0, 8];

    private readonly string _folder = TestSidecar.TemporaryFolder();
    private int _next;

    [Fact]
    public void Resources_AnyChange_AreReadOrFaults() => Changes.Sample(
        changes => WithFile(Resources, changes, file =>
        {
            List<string> faults = [];
            ResourceLoader.Load(new SidecarOptions { Namespace = "core", Apps = [new SidecarAppOptions { AppId = "alpha" }], ResourcesPaths = [file] }, faults);
            Assert.DoesNotContain(faults, string.IsNullOrWhiteSpace);
        }),
        iter: 1500);

    [Fact]
    public void Configuration_AnyChange_IsReadOrFaults() => Changes.Sample(
        changes => WithFile(Configuration, changes, file => ConfigurationReader.Read(new SidecarOptions { Namespace = "core", Apps = [], ConfigurationPaths = [file] }, new Dictionary<string, string>(), [])), iter: 1500);

    [Fact]
    public void RunFile_AnyChange_IsReadOrFaults() => Changes.Sample(
        changes => WithFile(Run, changes, file =>
        {
            var flags = FlagReader.Read(["--run-file", file]);
            Assert.True(RunFile.Read(flags, new Dictionary<string, string>()) is not null ^ flags.Faults.Count > 0);
        }),
        iter: 1500);

    [Theory]
    [InlineData("aliases", "stands for more than")]
    [InlineData("lists", "nested more than")]
    [InlineData("mappings", "nested more than")]
    [InlineData("itself", "names nothing before it")]
    [InlineData("bytes", "is larger than")]
    public void Documents_OverABound_AreAFaultAndNoMore(string kind, string expected)
    {
        var text = kind switch
        {
            "aliases" => string.Concat(Enumerable.Range(0, 40).Select(i => $"a{i}: &a{i} [{(i == 0 ? "x, x" : $"*a{i - 1}, *a{i - 1}")}]\n")),
            "lists" => new string('[', 200_000),
            "mappings" => string.Concat(Enumerable.Repeat("{a: ", 50_000)),
            "itself" => "a: &a [*a]\n",
            _ => new string('x', YamlBounds.Size + 1),
        };
        var file = Path.Combine(_folder, kind + ".yaml");
        File.WriteAllText(file, text);
        List<string> faults = [];
        Assert.Empty(YamlReader.Documents(file, faults));
        Assert.Contains(expected, Assert.Single(faults), StringComparison.Ordinal);
    }

    private void WithFile(string text, (int At, int Length, string Piece)[] changes, Action<string> read)
    {
        foreach (var (at, length, piece) in changes)
        {
            var from = at % (text.Length + 1);
            text = string.Concat(text.AsSpan(0, from), piece, text.AsSpan(Math.Min(text.Length, from + length)));
        }

        var file = Path.Combine(_folder, $"{Interlocked.Increment(ref _next)}.yaml");

        // Half a character that a change left becomes another.
        File.WriteAllBytes(file, System.Text.Encoding.UTF8.GetBytes(text));
        read(file);
        File.Delete(file);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
