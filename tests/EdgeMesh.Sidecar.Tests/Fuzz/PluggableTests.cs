using Dapr.Client.Autogen.Grpc.v1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Tests.Fuzz;

/// <summary>A component in a process of its own that answers nonsense: each call through it ends with an answer, and the sidecar lives.</summary>
public sealed class PluggableTests : IAsyncLifetime
{
    private readonly string _folder = TestSidecar.TemporaryFolder();

    /// <summary>Guards the random numbers.</summary>
    private readonly Lock _lock = new();
    private readonly Random _random = new(7);
    private WebApplication _component = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.ListenUnixSocket(Path.Combine(_folder, "odd.sock"), l => l.Protocols = HttpProtocols.Http2));
        _component = builder.Build();
        _component.Run(AnswerAsync);
        await _component.StartAsync();
    }

    [Fact]
    public async Task Answers_OfAnyBytes_EndEveryCall()
    {
        await using var sidecar = await TestSidecar.StartAsync(
            string.Concat(((string[])["state", "secretstores", "pubsub", "bindings"]).Select(kind => Yaml.Component(kind, kind + ".odd"))),
            change: o => o with { Environment = new Dictionary<string, string> { ["DAPR_COMPONENTS_SOCKETS_FOLDER"] = _folder } });
        using var http = sidecar.Http();
        using var stream = sidecar.Grpc().SubscribeTopicEventsAlpha1(TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation);
        await stream.RequestStream.WriteAsync(new SubscribeTopicEventsRequestAlpha1 { InitialRequest = new SubscribeTopicEventsRequestInitialAlpha1 { PubsubName = "pubsub", Topic = "t" } }, TestSidecar.Cancellation);
        for (var times = 0; times < 40; times++)
        {
            Func<Task<HttpResponseMessage>>[] calls =
            [
                () => http.GetAsync("/v1.0/state/state/k", TestSidecar.Cancellation),
                () => http.PostJsonAsync("/v1.0/state/state", """[{"key":"k","value":1,"etag":"1"}]"""),
                () => http.PostJsonAsync("/v1.0/state/state/bulk", """{"keys":["a","b"]}"""),
                () => http.PostJsonAsync("/v1.0/state/state/transaction", """{"operations":[{"operation":"upsert","request":{"key":"k","value":1}}]}"""),
                () => http.GetAsync("/v1.0/secrets/secretstores/k", TestSidecar.Cancellation),
                () => http.GetAsync("/v1.0/secrets/secretstores/bulk", TestSidecar.Cancellation),
                () => http.PostJsonAsync("/v1.0/publish/pubsub/t", "1"),
                () => http.PostJsonAsync("/v1.0/bindings/bindings", """{"operation":"create","data":1}"""),
            ];
            foreach (var call in calls)
            {
                using var answer = await call();
                Assert.InRange((int)answer.StatusCode, 200, 500);
            }
        }

        Assert.Equal(200, await http.GetAsync("/v1.0/metadata", TestSidecar.Cancellation).StatusAsync());
    }

    /// <summary>Messages of any bytes, lengths that are not theirs, and statuses that are none.</summary>
    private async Task AnswerAsync(HttpContext context)
    {
        context.Response.ContentType = "application/grpc";
        byte[] body;
        string status, details;
        lock (_lock)
        {
            var isPlain = context.Request.Path.Value!.EndsWith("/Init", StringComparison.Ordinal) || context.Request.Path.Value.EndsWith("/ListOperations", StringComparison.Ordinal);
            body = isPlain ? new byte[5] : Message();
            status = isPlain ? "0" : new[] { "0", "0", "0", "9", "3", "5", "77", "-1", "x", "" }[_random.Next(10)];
            details = new[] { "", "AAAA", "CAkSAWEaAmFi", "!", "=" }[_random.Next(5)];
        }

        await context.Response.StartAsync();
        await context.Response.Body.WriteAsync(body);
        var trailers = context.Features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers;
        if (status.Length > 0)
        {
            trailers["grpc-status"] = status;
        }

        if (details.Length > 0)
        {
            trailers["grpc-status-details-bin"] = details;
        }
    }

    private byte[] Message()
    {
        var payload = new byte[_random.Next(40)];
        _random.NextBytes(payload);
        var length = _random.Next(6) switch { 0 => _random.Next(), 1 => payload.Length + 1, _ => payload.Length };
        byte[] prefix = [(byte)(_random.Next(8) == 0 ? 1 : 0), (byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length];
        return [.. prefix, .. payload];
    }

    public async ValueTask DisposeAsync()
    {
        await _component.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
