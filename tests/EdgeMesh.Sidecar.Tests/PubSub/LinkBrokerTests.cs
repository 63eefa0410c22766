using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Components.PubSubLink;
using EdgeMesh.Sidecar.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Tests.PubSub;

public sealed class LinkBrokerTests : IAsyncLifetime
{
    private readonly ConcurrentQueue<(string Path, string Body)> _sent = new();
    private readonly SemaphoreSlim _arrived = new(0);
    private Func<HttpContext, Task> _answer = context => context.Response.WriteAsync("""["clinic-b","core"]""");
    private WebApplication _gateway = null!;
    private AppChannel _channel = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _gateway = builder.Build();
        _gateway.MapGet("/mesh/peers", context => _answer(context));
        _gateway.MapPost("/mesh/{**rest}", async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            _sent.Enqueue((context.Request.Path, await reader.ReadToEndAsync()));
            _arrived.Release();
        });
        await _gateway.StartAsync();
        _channel = new AppChannel(new SidecarAppOptions { AppId = "gateway" }, new Uri(_gateway.Urls.First()), (int)SidecarOptions.DefaultMaxBodySize, new AppCallMetrics("gateway", MetricsSetting.Default, TimeProvider.System));
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _gateway.DisposeAsync();
        _arrived.Dispose();
    }

    [Fact]
    public async Task Publish_NoPeersGiven_GoesToThoseThatTheGatewayNamesAndToThisSite()
    {
        await using var broker = Open();
        var here = new TaskCompletionSource<string>();
        await using var subscriber = await broker.SubscribeAsync(new("journals", "records", BrokerMessage.NoMetadata), (m, _) =>
        {
            here.TrySetResult(Encoding.UTF8.GetString(m.Data.Span));
            return Task.FromResult(true);
        }, TestSidecar.Cancellation);

        await broker.PublishAsync(Message(), TestSidecar.Cancellation);

        await ArriveAsync(2);
        Assert.Equal(["/mesh/clinic-b/mesh/wan/journals", "/mesh/core/mesh/wan/journals"], _sent.Select(s => s.Path).Order());
        Assert.Equal("{}", await here.Task.WaitAsync(TestSidecar.Cancellation));
    }

    [Fact]
    public async Task Publish_GatewayThatHangs_ReturnsAtOnce()
    {
        var hangs = new TaskCompletionSource();
        _answer = async context => await hangs.Task.WaitAsync(context.RequestAborted);
        await using var broker = Open();

        var started = Stopwatch.GetTimestamp();
        for (var n = 0; n < 1_000; n++)
        {
            await broker.PublishAsync(Message(), TestSidecar.Cancellation);
        }

        // A second is far above what queues take and far below the gateway's time limit.
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(1));
        hangs.SetResult();
    }

    [Fact]
    public async Task Publish_FromAnotherSite_StaysHere()
    {
        await using var broker = Open(("peers", "clinic-b"));

        await broker.PublishAsync(Message() with { Metadata = new Dictionary<string, string> { [LinkBroker.FromMetadata] = "core" } }, TestSidecar.Cancellation);
        await broker.PublishAsync(Message(), TestSidecar.Cancellation);

        await ArriveAsync(1);
        Assert.Single(_sent);
    }

    [Fact]
    public async Task Publish_Raw_IsRefusedWithWhatToDo()
    {
        await using var broker = Open();
        var error = await Assert.ThrowsAsync<BrokerRefusalException>(() => broker.PublishAsync(Message() with { IsRaw = true }, TestSidecar.Cancellation));
        Assert.Contains("without rawPayload", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("peers", "clinic-b,../core", "'../core'")]
    [InlineData("queueLimit", "0", "queueLimit")]
    [InlineData("queueLimit", "many", "'many'")]
    public void Open_BadMetadata_IsNamed(string key, string value, string says) =>
        Assert.Contains(says, Assert.Throws<ArgumentException>(() => Open((key, value))).Message, StringComparison.Ordinal);

    private LinkBroker Open(params (string Key, string Value)[] metadata) => new(
        new ComponentSpec("wan", "pubsub.edgemesh.link", "v1", metadata.ToDictionary(m => m.Key, m => m.Value)),
        new ComponentContext(".", TimeProvider.System, new Dictionary<string, string>(), id => id == "gateway" ? _channel : null));

    private static BrokerMessage Message() => new("journals", "{}"u8.ToArray(), BrokerMessage.NoMetadata);

    private async Task ArriveAsync(int count)
    {
        for (var n = 0; n < count; n++)
        {
            await _arrived.WaitAsync(TestSidecar.Cancellation);
        }
    }
}
