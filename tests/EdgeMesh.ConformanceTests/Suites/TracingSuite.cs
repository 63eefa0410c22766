using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;
using Grpc.Core;
using Grpc.Net.Client;
using DaprApi = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Spans and where they go.</summary>
public abstract class TracingSuite(bool isReal) : RunSuite(isReal)
{
    private const string SampledTrace = "0af7651916cd43dd8448eb211c80319c";
    private const string UnsampledTrace = "1bf7651916cd43dd8448eb211c80319c";

    /// <summary>What the engines must agree on.</summary>
    private static readonly HashSet<string> Compared =
    [
        "dapr.actor", "dapr.api", "dapr.invoke_method", "dapr.protocol", "dapr.status_code", "db.connection_string", "db.name", "db.statement", "db.system", "http.request.method", "messaging.destination.name",
        "messaging.system", "net.peer.name", "rpc.service", "server.address", "url.full", "error", "service.name",
    ];

    private static readonly string Resources = Component("memory", "state.in-memory") + Component("pubsub", "pubsub.in-memory") + Component("environment", "secretstores.local.env");

    [Fact]
    public async Task Spans_OfHttpCalls_HaveDaprsNamesAndAttributes()
    {
        await using var collector = await SpanCollector.StartAsync(Cancellation);
        await using var app = await TestApp.StartAsync("alpha", [new { pubsubname = "pubsub", topic = "t", route = "/deliver/t" }], Cancellation);
        await using var run = await StartAsync(app, Tracing(Zipkin(collector)), Resources);
        using var client = Untraced(run);
        foreach (var path in new[] { "/v1.0/invoke/alpha/method/echo/x?a=1", "/v1.0/invoke/alpha/method/status/404", "/v1.0/state/memory/k", "/v1.0/state/none/k", "/v1.0/secrets/environment/none", "/v1.0/nothing" })
        {
            using var answer = await client.GetAsync(path, Cancellation);
        }

        using var published = await client.PostAsync("/v1.0/publish/pubsub/t", Running.Json("{}"), Cancellation);
        var delivered = await app.NextAsync("t", Cancellation);

        var seen = await SeenAsync(collector, 8);
        Assert.All(seen, s => Assert.Equal(("CLIENT", "alpha"), (s.Kind, s.Service)));
        Assert.Equal(
            [
                "/v1.0/nothing { dapr.api: GET /v1.0/nothing, dapr.protocol: http, dapr.status_code: 404, error: Code(404): Not Found, http.request.method: GET, server.address: 127.0.0.1, service.name: alpha, url.full: /v1.0/nothing }",
                "/v1.0/publish/pubsub/t { dapr.api: POST /v1.0/publish/pubsub/t, dapr.protocol: http, dapr.status_code: 204, http.request.method: POST, messaging.system: pubsub, server.address: 127.0.0.1, service.name: alpha, url.full: /v1.0/publish/pubsub/t }",
                "/v1.0/secrets/environment/none { dapr.api: GET /v1.0/secrets/environment/none, dapr.protocol: http, dapr.status_code: 200, db.connection_string: secrets, db.name: environment, db.statement: GET /v1.0/secrets/environment/none, db.system: secrets, http.request.method: GET, server.address: 127.0.0.1, service.name: alpha, url.full: /v1.0/secrets/environment/none }",
                "/v1.0/state/memory/k { dapr.api: GET /v1.0/state/memory/k, dapr.protocol: http, dapr.status_code: 204, db.connection_string: state, db.name: memory, db.statement: GET /v1.0/state/memory/k, db.system: state, http.request.method: GET, server.address: 127.0.0.1, service.name: alpha, url.full: /v1.0/state/memory/k }",
                "/v1.0/state/none/k { dapr.api: GET /v1.0/state/none/k, dapr.protocol: http, dapr.status_code: 400, db.connection_string: state, db.name: none, db.statement: GET /v1.0/state/none/k, db.system: state, error: Code(400): Bad Request, http.request.method: GET, server.address: 127.0.0.1, service.name: alpha, url.full: /v1.0/state/none/k }",
                "calllocal/alpha/echo/x { dapr.api: GET /v1.0/invoke/alpha/method/echo/x, dapr.protocol: http, dapr.status_code: 200, http.request.method: GET, net.peer.name: alpha, rpc.service: ServiceInvocation, server.address: 127.0.0.1, service.name: alpha, url.full: /v1.0/invoke/alpha/method/echo/x?a=1 }",
                "calllocal/alpha/status/404 { dapr.api: GET /v1.0/invoke/alpha/method/status/404, dapr.protocol: http, dapr.status_code: 404, error: Code(404): Not Found, http.request.method: GET, net.peer.name: alpha, rpc.service: ServiceInvocation, server.address: 127.0.0.1, service.name: alpha, url.full: /v1.0/invoke/alpha/method/status/404 }",
                "pubsub/t { messaging.destination.name: t, messaging.system: pubsub, service.name: alpha }",
            ],
            seen.Select(Text).Order(StringComparer.Ordinal));

        // A message goes on from its publication, and the app from the delivery.
        var (publication, delivery) = (seen.Single(s => s.Name.StartsWith("/v1.0/publish", StringComparison.Ordinal)), seen.Single(s => s.Name == "pubsub/t"));
        Assert.Equal(("", publication.Trace, publication.Id), (publication.Parent, delivery.Trace, delivery.Parent));
        Assert.Equal($"00-{delivery.Trace}-{delivery.Id}-01", delivered.Headers["traceparent"]);
    }

    [Fact]
    public async Task Spans_OfGrpcCalls_HaveDaprsNamesAndAttributes()
    {
        await using var collector = await SpanCollector.StartAsync(Cancellation);
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, Tracing(Zipkin(collector)), Resources);
        using var channel = Channel(run);
        var dapr = new DaprApi(channel);
        using var call = dapr.GetMetadataAsync(new GetMetadataRequest(), Running.Token, cancellationToken: Cancellation);
        Assert.Equal(29, (await call.ResponseHeadersAsync).GetValueBytes("grpc-trace-bin")?.Length);
        await call;
        await Assert.ThrowsAsync<RpcException>(async () => await dapr.DeleteStateAsync(new DeleteStateRequest { StoreName = "none", Key = "k" }, Running.Token, cancellationToken: Cancellation));
        var invocation = new InvokeServiceRequest { Id = "alpha", Message = new() { Method = "echo/x", HttpExtension = new() { Verb = HTTPExtension.Types.Verb.Get } } };
        await dapr.InvokeServiceAsync(invocation, Running.Token, cancellationToken: Cancellation);

        var seen = await SeenAsync(collector, 3);
        Assert.All(seen, s => Assert.Equal(("CLIENT", "alpha"), (s.Kind, s.Service)));
        Assert.Equal(["/dapr.proto.runtime.v1.dapr/deletestate", "/dapr.proto.runtime.v1.dapr/getmetadata", "calllocal/alpha/echo/x"], seen.Select(s => s.Name).Order(StringComparer.Ordinal));
        Assert.Equal("/dapr.proto.runtime.v1.dapr/getmetadata { dapr.api: /dapr.proto.runtime.v1.Dapr/GetMetadata, dapr.protocol: grpc, service.name: alpha }", Text(seen.Single(s => s.Name.EndsWith("getmetadata", StringComparison.Ordinal))));
        Assert.Equal("state store none is not found", seen.Single(s => s.Name.EndsWith("deletestate", StringComparison.Ordinal)).Tags["error"]);
        Assert.Equal(
            "calllocal/alpha/echo/x { dapr.api: /dapr.proto.runtime.v1.Dapr/InvokeService, dapr.protocol: grpc, net.peer.name: alpha, rpc.service: ServiceInvocation, service.name: alpha }",
            Text(seen.Single(s => s.Name.StartsWith("calllocal", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task Spans_OfActors_HaveDaprsNamesAndAttributes()
    {
        await using var plane = await StartControlPlaneAsync();
        await using var collector = await SpanCollector.StartAsync(Cancellation);
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        // Sidecars in one process share its folder, and there the file of an app's reminders: no other case has this app.
        await using var run = await StartAsync(app, Tracing(Zipkin(collector)), ActorStore, ["--app-id", "reminded", .. plane?.Flags ?? []]);
        using var client = Untraced(run);
        app.Answer("plain/1/method/refuse", _ => Microsoft.AspNetCore.Http.Results.StatusCode(500));
        foreach (var (path, body) in new[]
        {
            ("method/m", "1"), ("method/refuse", "2"), ("state", """[{"operation":"upsert","request":{"key":"k","value":1}}]"""), ("timers/t", """{"dueTime":"0s"}"""), ("reminders/r", """{"dueTime":"0s"}"""), ("reminders/none", "{"),
        })
        {
            using var answer = await client.PostAsync("/v1.0/actors/plain/1/" + path, Running.Json(body), Cancellation);
        }

        using var state = await client.GetAsync("/v1.0/actors/plain/1/state/k", Cancellation);
        using var channel = Channel(run);
        var dapr = new DaprApi(channel);
        await dapr.InvokeActorAsync(new InvokeActorRequest { ActorType = "plain", ActorId = "1", Method = "g" }, Running.Token, cancellationToken: Cancellation);
        await dapr.GetActorStateAsync(new GetActorStateRequest { ActorType = "plain", ActorId = "1", Key = "k" }, Running.Token, cancellationToken: Cancellation);

        var seen = await SeenAsync(collector, 9);
        Assert.All(seen, s => Assert.Equal(("CLIENT", "reminded"), (s.Kind, s.Service)));
        Assert.Equal(
            [
                "/dapr.proto.runtime.v1.dapr/getactorstate { dapr.api: /dapr.proto.runtime.v1.Dapr/GetActorState, dapr.protocol: grpc, service.name: reminded }",
                "/dapr.proto.runtime.v1.dapr/invokeactor { dapr.api: /dapr.proto.runtime.v1.Dapr/InvokeActor, dapr.protocol: grpc, service.name: reminded }",
                "/v1.0/actors/plain/1/reminders/none { dapr.api: POST /v1.0/actors/plain/1/reminders/none, dapr.protocol: http, dapr.status_code: 400, error: Code(400): Bad Request, http.request.method: POST, server.address: 127.0.0.1, service.name: reminded, url.full: /v1.0/actors/plain/1/reminders/none }",
                "/v1.0/actors/plain/1/reminders/r { dapr.api: POST /v1.0/actors/plain/1/reminders/r, dapr.protocol: http, dapr.status_code: 204, http.request.method: POST, server.address: 127.0.0.1, service.name: reminded, url.full: /v1.0/actors/plain/1/reminders/r }",
                "/v1.0/actors/plain/1/state { dapr.actor: plain.1, dapr.api: POST /v1.0/actors/plain/1/state, dapr.protocol: http, dapr.status_code: 204, db.connection_string: state, db.name: actor, db.statement: POST /v1.0/actors/plain/1/state, db.system: state, http.request.method: POST, server.address: 127.0.0.1, service.name: reminded, url.full: /v1.0/actors/plain/1/state }",
                "/v1.0/actors/plain/1/state/k { dapr.actor: plain.1, dapr.api: GET /v1.0/actors/plain/1/state/k, dapr.protocol: http, dapr.status_code: 200, db.connection_string: state, db.name: actor, db.statement: GET /v1.0/actors/plain/1/state/k, db.system: state, http.request.method: GET, server.address: 127.0.0.1, service.name: reminded, url.full: /v1.0/actors/plain/1/state/k }",
                "/v1.0/actors/plain/1/timers/t { dapr.api: POST /v1.0/actors/plain/1/timers/t, dapr.protocol: http, dapr.status_code: 204, http.request.method: POST, server.address: 127.0.0.1, service.name: reminded, url.full: /v1.0/actors/plain/1/timers/t }",
                "callactor/plain/m { dapr.actor: plain.1, dapr.api: POST /v1.0/actors/plain/1/method/m, dapr.protocol: http, dapr.status_code: 200, http.request.method: POST, net.peer.name: plain.1, rpc.service: ServiceInvocation, server.address: 127.0.0.1, service.name: reminded, url.full: /v1.0/actors/plain/1/method/m }",
                "callactor/plain/refuse { dapr.actor: plain.1, dapr.api: POST /v1.0/actors/plain/1/method/refuse, dapr.protocol: http, dapr.status_code: 500, error: Code(500): Internal Server Error, http.request.method: POST, net.peer.name: plain.1, rpc.service: ServiceInvocation, server.address: 127.0.0.1, service.name: reminded, url.full: /v1.0/actors/plain/1/method/refuse }",
            ],
            seen.Select(Text).Order(StringComparer.Ordinal));

        // What is due has no caller, and no trace.
        foreach (var due in new[] { "timer/t", "remind/r" })
        {
            Assert.False((await app.NextAsync($"plain/1/method/{due}", Cancellation)).Headers.ContainsKey("traceparent"));
        }
    }

    [Fact]
    public async Task Spans_OfRefusedCalls_SayWhy()
    {
        await using var collector = await SpanCollector.StartAsync(Cancellation);
        await using var alpha = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var beta = await TestApp.StartAsync("beta", [], Cancellation);
        var common = Tracing(Zipkin(collector)) + $$"""
              nameResolution: { component: sqlite, version: v1, configuration: { connectionString: {{Path.Combine(Folder, "names.db")}}, cleanupInterval: "-1s", updateInterval: 30s } }

            """;
        await using var called = await StartAsync(beta, common + "  accessControl: { defaultAction: deny, trustDomain: public, policies: [] }\n", Resources, "--app-id", "beta");
        await using var run = await StartAsync(alpha, common + "  api: { denied: [{ name: secrets, version: v1, protocol: http }] }\n", Resources);
        using var client = Untraced(run);
        foreach (var path in new[] { "invoke/beta/method/x", "invoke/nobody/method/x", "secrets/environment/k" })
        {
            using var answer = await client.GetAsync("/v1.0/" + path, Cancellation);
        }

        foreach (var path in new[] { "state/memory", "publish/none/t", "bindings/none" })
        {
            using var answer = await client.PostAsync("/v1.0/" + path, Running.Json("{"), Cancellation);
        }

        using var channel = Channel(run);
        var dapr = new DaprApi(channel);
        foreach (var id in new[] { "beta", "nobody" })
        {
            var invocation = new InvokeServiceRequest { Id = id, Message = new() { Method = "x", HttpExtension = new() { Verb = HTTPExtension.Types.Verb.Get } } };
            await Assert.ThrowsAsync<RpcException>(async () => await dapr.InvokeServiceAsync(invocation, Running.Token, cancellationToken: Cancellation));
        }

        // Of calls without a token only those by HTTP are spans.
        client.DefaultRequestHeaders.Remove("dapr-api-token");
        using var unknown = await client.GetAsync("/v1.0/state/memory/k", Cancellation);
        await Assert.ThrowsAsync<RpcException>(async () => await dapr.GetMetadataAsync(new GetMetadataRequest(), cancellationToken: Cancellation));

        var seen = await SeenAsync(collector, 11);
        Assert.Equal(
            [
                "CLIENT alpha /v1.0/bindings/none { dapr.api: POST /v1.0/bindings/none, dapr.protocol: http, dapr.status_code: 400, db.connection_string: bindings, db.name: none, db.statement: POST /v1.0/bindings/none, db.system: bindings, error: Code(400): Bad Request, http.request.method: POST, server.address: 127.0.0.1, service.name: alpha, url.full: /v1.0/bindings/none }",
                "CLIENT alpha /v1.0/publish/none/t { dapr.api: POST /v1.0/publish/none/t, dapr.protocol: http, dapr.status_code: 404, error: Code(404): Not Found, http.request.method: POST, messaging.system: pubsub, server.address: 127.0.0.1, service.name: alpha, url.full: /v1.0/publish/none/t }",
                "CLIENT alpha /v1.0/secrets/environment/k { dapr.api: GET /v1.0/secrets/environment/k, dapr.protocol: http, dapr.status_code: 404, error: Code(404): Not Found, http.request.method: GET, server.address: 127.0.0.1, service.name: alpha, url.full: /v1.0/secrets/environment/k }",
                "CLIENT alpha /v1.0/state/memory { dapr.api: POST /v1.0/state/memory, dapr.protocol: http, dapr.status_code: 400, db.connection_string: state, db.name: memory, db.statement: POST /v1.0/state/memory, db.system: state, error: Code(400): Bad Request, http.request.method: POST, server.address: 127.0.0.1, service.name: alpha, url.full: /v1.0/state/memory }",
                "CLIENT alpha /v1.0/state/memory/k { dapr.api: GET /v1.0/state/memory/k, dapr.protocol: http, dapr.status_code: 401, error: Code(401): Unauthorized, http.request.method: GET, server.address: 127.0.0.1, service.name: alpha, url.full: /v1.0/state/memory/k }",
                "CLIENT alpha calllocal/beta/x { dapr.api: /dapr.proto.runtime.v1.Dapr/InvokeService, dapr.protocol: grpc, error: failed to invoke, id: beta, err: rpc error: code = PermissionDenied desc = access control policy has denied access to id:  operation: x verb: GET, net.peer.name: beta, rpc.service: ServiceInvocation, service.name: alpha }",
                "CLIENT alpha calllocal/beta/x { dapr.api: GET /v1.0/invoke/beta/method/x, dapr.protocol: http, dapr.status_code: 403, error: Code(403): Forbidden, http.request.method: GET, net.peer.name: beta, rpc.service: ServiceInvocation, server.address: 127.0.0.1, service.name: alpha, url.full: /v1.0/invoke/beta/method/x }",
                "CLIENT alpha calllocal/nobody/x { dapr.api: /dapr.proto.runtime.v1.Dapr/InvokeService, dapr.protocol: grpc, error: failed to invoke, id: nobody, err: no host found with the given ID, net.peer.name: nobody, rpc.service: ServiceInvocation, service.name: alpha }",
                "CLIENT alpha calllocal/nobody/x { dapr.api: GET /v1.0/invoke/nobody/method/x, dapr.protocol: http, dapr.status_code: 500, error: Code(500): Internal Server Error, http.request.method: GET, net.peer.name: nobody, rpc.service: ServiceInvocation, server.address: 127.0.0.1, service.name: alpha, url.full: /v1.0/invoke/nobody/method/x }",
                "SERVER beta calllocal/beta/x { dapr.api: /dapr.proto.internals.v1.ServiceInvocation/CallLocalStream, dapr.invoke_method: x, dapr.protocol: grpc, error: access control policy has denied access to id:  operation: x verb: GET, rpc.service: ServiceInvocation, service.name: beta }",
                "SERVER beta calllocal/beta/x { dapr.api: /dapr.proto.internals.v1.ServiceInvocation/CallLocalStream, dapr.invoke_method: x, dapr.protocol: grpc, error: access control policy has denied access to id:  operation: x verb: GET, rpc.service: ServiceInvocation, service.name: beta }",
            ],
            seen.Select(s => $"{s.Kind} {s.Service} {Text(s)}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Sampling_TheCallersDecisionStands_AndTheRateDecidesForOthers()
    {
        await using var collector = await SpanCollector.StartAsync(Cancellation);
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, Tracing(Zipkin(collector), rate: "0.0000001"), Resources);
        using var client = Untraced(run);
        using var nobodys = await client.GetAsync("/v1.0/state/memory/nobodys", Cancellation);
        foreach (var (trace, flags) in new[] { (UnsampledTrace, "00"), (SampledTrace, "01") })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1.0/invoke/alpha/method/echo/x");
            request.Headers.Add("traceparent", $"00-{trace}-b7ad6b7169203331-{flags}");
            using var answer = await client.SendAsync(request, Cancellation);
            Assert.Matches($"^00-{trace}-(?!b7ad6b7169203331)[0-9a-f]{{16}}-{flags}$", answer.Headers.GetValues("x-echo-trace").Single());
        }

        var span = Assert.Single(await SeenAsync(collector, 1));
        Assert.Equal((SampledTrace, "b7ad6b7169203331"), (span.Trace, span.Parent));
    }

    [Theory]
    [InlineData("http", "/v1/traces")]
    [InlineData("grpc", "/opentelemetry.proto.collector.trace.v1.TraceService/Export")]
    public async Task Otlp_TakesSpans_WithItsHeaders(string protocol, string path)
    {
        await using var collector = await SpanCollector.StartAsync(Cancellation);
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        var port = protocol == "http" ? collector.HttpPort : collector.GrpcPort;
        await using var run = await StartAsync(
            app, Tracing($"otel: {{ endpointAddress: \"127.0.0.1:{port}\", isSecure: false, protocol: {protocol}, headers: [\"x-one=uno dos\", \"x-two=2\"], timeout: 5s }}"), Resources);
        using var client = Untraced(run);
        using var answer = await client.GetAsync("/v1.0/state/memory/k", Cancellation);
        await Eventually.HoldsAsync(() => Task.FromResult(collector.Otlp.Any(o => o.Body.Contains("/v1.0/state/memory/k", StringComparison.Ordinal))), Cancellation);
        var export = collector.Otlp.First(o => o.Body.Contains("/v1.0/state/memory/k", StringComparison.Ordinal));
        Assert.Equal((path, "uno dos", "2"), (export.Path, export.Headers.GetValueOrDefault("x-one"), export.Headers.GetValueOrDefault("x-two")));
        Assert.All(["service.name", "alpha", "dapr-diagnostics", "dapr.protocol", "db.system"], word => Assert.Contains(word, export.Body, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Stdout_IsALineInTheLogForEachSpan()
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, Tracing("stdout: true"), Resources);
        using var client = Untraced(run);
        using var answer = await client.GetAsync("/v1.0/state/memory/k", Cancellation);
        await Eventually.HoldsAsync(() => Task.FromResult(run.Said.Contains("[/v1.0/state/memory/k]", StringComparison.Ordinal)), Cancellation);
        var line = run.Said.Split('\n').First(l => l.Contains("[/v1.0/state/memory/k]", StringComparison.Ordinal));
        Assert.Matches("""level=info msg="\[/v1\.0/state/memory/k\] Trace: [0-9a-f]{32} Span: 0{16}/[0-9a-f]{16} Time: \[""", line);
    }

    private static string Tracing(string exporter, string rate = "1") => $"  tracing: {{ samplingRate: \"{rate}\", {exporter} }}\n";

    private static string Zipkin(SpanCollector collector) => $"zipkin: {{ endpointAddress: \"http://127.0.0.1:{collector.HttpPort}/api/v2/spans\" }}";

    private static GrpcChannel Channel(SidecarRun run) =>
        GrpcChannel.ForAddress($"http://127.0.0.1:{run.GrpcPort}", new GrpcChannelOptions { HttpHandler = new SocketsHttpHandler { ActivityHeadersPropagator = null } });

    /// <summary>.NET's own client would begin a trace.</summary>
    private static HttpClient Untraced(SidecarRun run)
    {
        var client = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null }) { BaseAddress = new Uri($"http://127.0.0.1:{run.HttpPort}") };
        client.DefaultRequestHeaders.Add("dapr-api-token", EngineSetup.ApiToken);
        return client;
    }

    /// <summary>Exporters send what they have every five seconds.</summary>
    private static async Task<IReadOnlyList<ZipkinSpan>> SeenAsync(SpanCollector collector, int count)
    {
        await Eventually.HoldsAsync(() => Task.FromResult(collector.Zipkin.Count >= count), Cancellation);
        return [.. collector.Zipkin];
    }

    private static string Text(ZipkinSpan span) =>
        $"{span.Name} {{ {string.Join(", ", span.Tags.Where(t => Compared.Contains(t.Key)).OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => $"{t.Key}: {t.Value}"))} }}";
}

public sealed class EmbeddedTracingTests() : TracingSuite(isReal: false);

[Trait("Category", "Engines")]
public sealed class DaprdTracingTests() : TracingSuite(isReal: true);
