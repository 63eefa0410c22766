using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace EdgeMesh.Telemetry.Tests;

public sealed class ConsoleSettingsTests
{
    [Fact]
    public void AddEdgeMeshTelemetry_AnUnknownForm_NamesTheKeyAndTheChoices()
    {
        var error = Assert.Throws<InvalidOperationException>(() => Builder(new() { ["EdgeMesh:Logs"] = "xml" }));

        Assert.Contains("EdgeMesh:Logs is 'xml'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AddEdgeMeshTelemetry_NoLevelConfigured_KeepsTheFrameworkQuietAndOursHeard()
    {
        using var services = Builder([]).Services.BuildServiceProvider();
        var loggers = services.GetRequiredService<ILoggerFactory>();

        Assert.False(loggers.CreateLogger("Microsoft.AspNetCore.Routing").IsEnabled(LogLevel.Information));
        Assert.True(loggers.CreateLogger("EdgeMesh.Hosting").IsEnabled(LogLevel.Information));
    }

    [Fact]
    public void AddEdgeMeshTelemetry_LevelConfigured_TakesIt()
    {
        using var services = Builder(new() { ["Logging:LogLevel:Microsoft"] = "Debug" }).Services.BuildServiceProvider();

        Assert.True(services.GetRequiredService<ILoggerFactory>().CreateLogger("Microsoft.AspNetCore.Routing").IsEnabled(LogLevel.Debug));
    }

    [Fact]
    public void AddEdgeMeshTelemetry_AnEndpointThatIsNone_NamesTheKey()
    {
        var error = Assert.Throws<InvalidOperationException>(() => Builder(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "collector:4317" }));

        Assert.Contains("OTEL_EXPORTER_OTLP_ENDPOINT is 'collector:4317'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AddEdgeMeshTelemetry_NoEndpoint_AddsNothingOfOpenTelemetry()
    {
        var services = Builder([]).Services;

        Assert.DoesNotContain(services, s => s.ServiceType.FullName!.StartsWith("OpenTelemetry", StringComparison.Ordinal));
        Assert.DoesNotContain(services, s => s.ImplementationFactory?.Method.DeclaringType?.FullName?.Contains("HostExport", StringComparison.Ordinal) == true);
    }

    private static WebApplicationBuilder Builder(Dictionary<string, string?> settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(settings);
        return builder.AddEdgeMeshTelemetry("clinic-a", "records");
    }
}
