using System.Collections.Concurrent;
using EdgeMesh.Testing;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Services.Gateway.Tests;

public sealed class ListenersTests
{
    [Fact]
    public async Task Start_WithAnAppAddress_ListensThereWithoutAWarningOfTheServer()
    {
        using var provider = new Warnings();
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(provider));
        var options = new DaprTestHostOptions
        {
            Apps = [new TestApp(GatewayApp.AppId, GatewayApp.Create)], Resources = TestComponents.InMemory, ReadyLimit = TimeSpan.Zero, Loggers = loggers,
        };
        await using var host = await DaprTestHost.StartAsync(options, TestContext.Current.CancellationToken);

        using var client = host.AppClient(GatewayApp.AppId);
        using var answer = await client.GetAsync("/healthz", TestContext.Current.CancellationToken);

        Assert.True(answer.IsSuccessStatusCode);
        Assert.DoesNotContain(provider.Lines, line => line.StartsWith("Microsoft.AspNetCore.Server.Kestrel", StringComparison.Ordinal));
    }

    private sealed class Warnings : ILoggerProvider
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => new Logger(categoryName, Lines);

        public void Dispose()
        {
            // Nothing is held.
        }

        private sealed class Logger(string category, ConcurrentQueue<string> lines) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                if (IsEnabled(logLevel))
                {
                    lines.Enqueue($"{category}: {formatter(state, exception)}");
                }
            }
        }
    }
}
