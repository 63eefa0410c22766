using System.Collections.Concurrent;
using System.Text.Json;
using Dapr.Client;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Functions.Running;
using EdgeMesh.Services.Functions.Triggers;
using EdgeMesh.Services.Functions.Triggers.Retries;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Services.Functions.Tests;

public sealed class FunctionRetriesTests
{
    private static readonly RetryPlan Plan = new(3, null);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Take_WhileAsManyAreParkedAsMayBe_RefusesEachAndSaysSoOnce()
    {
        await using var site = await FunctionsSite.StartAsync();
        var services = site.Host.Services(FunctionsApp.AppId);
        var parked = new ParkedCalls([.. Enumerable.Range(0, 1_000).Select(i => ParkedCall.Of(Call($"before-{i}"), Plan, 1, DateTimeOffset.MaxValue))]);
        await services.GetRequiredService<DaprClient>().SaveByteStateAsync(
            "heads", $"{FunctionsSite.Site}/functions/parked/full", JsonSerializer.SerializeToUtf8Bytes(parked, RetriesJson.Default.ParkedCalls), cancellationToken: Cancellation);
        var told = new Told();
        await using var retries = new FunctionRetries(
            "full", services.GetRequiredService<DaprClient>(), services.GetRequiredService<SiteIdentity>(), TimeProvider.System, _ => null, null!, told);

        for (var i = 0; i < 3; i++)
        {
            Assert.False(await retries.TakeAsync(Call($"{i}"), Plan, () => Task.FromResult<CallResult?>(CallResult.NotStarted(CallOutcome.HostFailed, "")), isShared: true, Cancellation));
        }

        Assert.Contains("1000 calls are parked", Assert.Single(told.All), StringComparison.Ordinal);
    }

    private static TriggeredCall Call(string key) => new(TriggerNames.Topic, key, "1"u8.ToArray(), new Dictionary<string, string>());

    private sealed class Told : ILogger
    {
        private readonly ConcurrentQueue<string> _all = new();

        public IReadOnlyCollection<string> All => _all;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => _all.Enqueue(formatter(state, exception));
    }
}
