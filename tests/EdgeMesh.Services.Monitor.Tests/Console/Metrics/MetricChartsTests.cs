using EdgeMesh.Services.Monitor.Console.Metrics;

namespace EdgeMesh.Services.Monitor.Tests.Console.Metrics;

public sealed class MetricChartsTests
{
    [Theory]
    [InlineData("http.server.request.duration", false)]
    [InlineData("messaging.process.duration", false)]
    [InlineData("edgemesh.monitor.store.size", false)]
    [InlineData("process.memory.usage", false)]
    [InlineData("aspnetcore.memory_pool.pooled", true)]
    [InlineData("kestrel.active_connections", true)]
    [InlineData("http.client.open_connections", true)]
    public void IsOfTheRuntime_TellsWhatServicesDo_FromWhatTheyRunOn(string name, bool expected) => Assert.Equal(expected, MetricCharts.IsOfTheRuntime(name));
}
