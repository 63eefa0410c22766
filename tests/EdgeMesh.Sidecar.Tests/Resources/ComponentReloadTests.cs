using Dapr.Client.Autogen.Grpc.v1;
using Grpc.Core;

namespace EdgeMesh.Sidecar.Tests.Resources;

/// <summary>Components that are replaced under their callers.</summary>
public sealed class ComponentReloadTests : IDisposable
{
    private readonly string _folder = TestSidecar.TemporaryFolder();

    [Fact]
    public async Task Component_InUse_IsClosedOnlyAfterItsCalls()
    {
        var (reading, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        using var log = new LogLines();
        await using var sidecar = await StartAsync(log, async (call, next, _) =>
        {
            if (call.Kind == ComponentCallKind.StateRead && call.Name.EndsWith("held", StringComparison.Ordinal))
            {
                reading.TrySetResult();
                await release.Task;
            }

            await next();
        });
        using var http = sidecar.Http();
        Assert.Equal(204, await http.PostJsonAsync("/v1.0/state/hot", """[{"key":"held","value":"old"}]""").StatusAsync());
        var held = http.GetStringAsync("/v1.0/state/hot/held", TestSidecar.Cancellation);
        await reading.Task;
        Write("one.db", "none");
        await log.SeeAsync("The changed components are taken over: hot", TestSidecar.Cancellation);
        Assert.Equal(204, await http.GetAsync("/v1.0/state/hot/other", TestSidecar.Cancellation).StatusAsync());
        release.SetResult();
        Assert.Equal("\"old\"", await held);
    }

    [Theory]
    [InlineData("type: state.nosuch, version: v1, metadata: []", "which the embedded engine does not have")]
    [InlineData("type: state.sqlite, version: v1, metadata: [{ name: nofield, value: x }]", "is not a field")]
    [InlineData("type: state.sqlite, version: v1, metadata: [{ name: connectionString, value: hot.yaml/x.db }]", "can't be opened")]
    [InlineData("type: state.sqlite, version: v1, metadata: [{ name: connectionString, value: x.db }, { name: actorStateStore, value: 'true' }]", "is the store of actors")]
    public async Task Component_FaultyNow_StaysAsItWas_UntilItIsRight(string spec, string fault)
    {
        using var log = new LogLines();
        await using var sidecar = await StartAsync(log, null);
        using var http = sidecar.Http();
        Assert.Equal(204, await http.PostJsonAsync("/v1.0/state/hot", """[{"key":"k","value":1}]""").StatusAsync());
        File.WriteAllText(Path.Combine(_folder, "hot.yaml"), $"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {{ name: hot }}\nspec: {{ {spec} }}\n");
        await log.SeeAsync(fault, TestSidecar.Cancellation);
        Assert.Equal("1", await http.GetStringAsync("/v1.0/state/hot/k", TestSidecar.Cancellation));
        Write("two.db", "none");
        await log.SeeAsync("The changed components are taken over: hot", TestSidecar.Cancellation);
        Assert.Equal(204, await http.GetAsync("/v1.0/state/hot/k", TestSidecar.Cancellation).StatusAsync());
    }

    [Fact]
    public async Task ConfigurationStore_Changed_GoesOnTellingItsSubscribers()
    {
        using var log = new LogLines();
        await using var sidecar = await StartAsync(log, null);
        File.WriteAllText(Path.Combine(_folder, "settings.yaml"), Settings("a.db"));
        await log.SeeAsync("are taken over: settings", TestSidecar.Cancellation);
        using var dapr = sidecar.Dapr();
        await using var changes = (await dapr.SubscribeConfiguration("settings", ["k"], cancellationToken: TestSidecar.Cancellation)).Source.GetAsyncEnumerator(TestSidecar.Cancellation);
        var first = changes.MoveNextAsync();
        File.WriteAllText(Path.Combine(_folder, "settings.yaml"), Settings("b.db"));
        await log.SeeAsync("are taken over: settings", TestSidecar.Cancellation);
        await SetAsync(Path.Combine(_folder, "b.db"));
        Assert.True(await first);
        while (!changes.Current.ContainsKey("k"))
        {
            // The first says only the subscription's id.
            Assert.True(await changes.MoveNextAsync());
        }

        Assert.Equal("told", changes.Current["k"].Value);
    }

    [Fact]
    public async Task PubSub_TakenAway_EndsItsStreams_WithAStatusToComeAgain()
    {
        using var log = new LogLines();
        await using var sidecar = await StartAsync(log, null);
        var file = Path.Combine(_folder, "pubsub.yaml");
        File.WriteAllText(file, Yaml.Component("pubsub", "pubsub.in-memory"));
        await log.SeeAsync("are taken over: pubsub", TestSidecar.Cancellation);
        using var call = sidecar.Grpc().SubscribeTopicEventsAlpha1(TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation);
        await call.RequestStream.WriteAsync(
            new SubscribeTopicEventsRequestAlpha1 { InitialRequest = new SubscribeTopicEventsRequestInitialAlpha1 { PubsubName = "pubsub", Topic = "t" } }, TestSidecar.Cancellation);
        Assert.True(await call.ResponseStream.MoveNext(TestSidecar.Cancellation));
        File.Delete(file);
        var error = await Assert.ThrowsAsync<RpcException>(async () => await call.ResponseStream.MoveNext(TestSidecar.Cancellation));
        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
    }

    private static string Settings(string file) =>
        $"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {{ name: settings }}\nspec: {{ type: configuration.edgemesh.sqlite, version: v1, metadata: [{{ name: connectionString, value: {file} }}, {{ name: pollInterval, value: 50ms }}] }}\n";

    private static async Task SetAsync(string file)
    {
        await using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={file};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "INSERT INTO configuration (key, value) VALUES ('k', 'told')";
        await command.ExecuteNonQueryAsync();
    }

    private void Write(string file, string prefix) => File.WriteAllText(
        Path.Combine(_folder, "hot.yaml"),
        $"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {{ name: hot }}\nspec: {{ type: state.sqlite, version: v1, metadata: [{{ name: connectionString, value: {file} }}, {{ name: keyPrefix, value: {prefix} }}] }}\n");

    private async Task<TestSidecar> StartAsync(LogLines log, ComponentTap? tap)
    {
        Write("one.db", "name");
        return await TestSidecar.StartAsync(folder: _folder, log: log, change: o => o with { ResourcesPaths = [_folder], WatchesResources = true, Tap = tap });
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
