using Dapr.Client;
using EdgeMesh.Sidecar;
using EdgeMesh.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Hosting.Tests;

public sealed class SiteSecretsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GetBytes_OfASiteKey_Has32Bytes()
    {
        await using var host = await StartAsync();

        Assert.Equal(32, (await Secrets(host).GetBytesAsync(SiteSecrets.SiteKey, Token)).Length);
    }

    [Fact]
    public async Task Get_Twice_AsksTheSidecarOnce()
    {
        await using var host = await StartAsync();
        var first = await Secrets(host).GetAsync(SiteSecrets.SiteKey, Token);
        File.Delete(Path.Combine(host.DataDirectory, "secrets.json"));

        Assert.Equal(first, await Secrets(host).GetAsync(SiteSecrets.SiteKey, Token));
    }

    [Fact]
    public async Task Get_ASecretThatIsNot_SaysWhatToDo()
    {
        await using var host = await StartAsync();

        var error = await Assert.ThrowsAsync<KeyNotFoundException>(async () => await Secrets(host).GetAsync("no-such-key", Token));

        Assert.Contains("edgemesh up", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetBytes_OfATextThatIsNoBase64_IsRefusedWithoutTellingIt()
    {
        await using var host = await StartAsync();

        var error = await Assert.ThrowsAsync<InvalidDataException>(async () => await Secrets(host).GetBytesAsync(SiteSecrets.MeshPrivateKey, Token));

        Assert.DoesNotContain("BEGIN", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_BeforeTheSidecarIsThere_WaitsForIt()
    {
        var (http, grpc) = (LoopbackPorts.Take(), LoopbackPorts.Take());
        await using var service = await LoneService.StartAsync(new()
        {
            ["DAPR_HTTP_ENDPOINT"] = $"http://127.0.0.1:{http}",
            ["DAPR_GRPC_ENDPOINT"] = $"http://127.0.0.1:{grpc}",
        });
        var waits = new Told();
        var reading = new SiteSecrets(service.Services.GetRequiredService<DaprClient>(), waits).GetAsync("pin", Token).AsTask();
        Assert.Equal("Waiting for the sidecar to read the secret pin", await waits.First.WaitAsync(TimeSpan.FromSeconds(60), Token));
        Assert.False(reading.IsCompleted);

        var folder = service.Services.GetRequiredService<SiteIdentity>().DataDirectory;
        await File.WriteAllTextAsync(Path.Combine(folder, "secrets.json"), """{"pin":"1234"}""", Token);
        await File.WriteAllTextAsync(Path.Combine(folder, "components.yaml"), TestComponents.InMemory, Token);
        await using var sidecar = await SidecarHost.StartAsync(
            new SidecarOptions
            {
                Namespace = "clinic-a",
                WorkingDirectory = folder,
                ResourcesPaths = [Path.Combine(folder, "components.yaml")],
                Apps = [new SidecarAppOptions { AppId = "notes", HttpPort = http, GrpcPort = grpc }],
            },
            NullLoggerFactory.Instance, Token);

        Assert.Equal("1234", await reading.WaitAsync(TimeSpan.FromSeconds(10), Token));
    }

    [Fact]
    public async Task Get_WhenCancelledWhileWaiting_Ends()
    {
        await using var service = await LoneService.StartAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await service.Services.GetRequiredService<SiteSecrets>().GetAsync(SiteSecrets.SiteKey, patience.Token));
    }

    private static Task<DaprTestHost> StartAsync() => DaprTestHost.StartAsync(
        new() { Apps = [new("notes", builder => Microsoft.AspNetCore.Builder.EdgeMeshExtensions.AddEdgeMesh(builder, "notes").Build())], ReadyLimit = TimeSpan.Zero }, Token);

    private static SiteSecrets Secrets(DaprTestHost host) => host.Services("notes").GetRequiredService<SiteSecrets>();

    /// <summary>The first line that is logged.</summary>
    private sealed class Told : ILogger<SiteSecrets>
    {
        private readonly TaskCompletionSource<string> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> First => _first.Task;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _first.TrySetResult(formatter(state, exception));
    }
}
