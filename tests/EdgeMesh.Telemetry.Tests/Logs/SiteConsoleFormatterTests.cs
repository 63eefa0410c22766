using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Telemetry.Tests.Logs;

public sealed class SiteConsoleFormatterTests
{
    private static readonly DateTimeOffset Now = new(2030, 2, 3, 4, 5, 6, 789, TimeSpan.Zero);

    [Fact]
    public void Write_Json_IsOneLineOfTheElasticCommonSchema()
    {
        var line = Write(json: true, LogLevel.Warning, new InvalidOperationException("broken\nin two"));

        Assert.Equal(1, line.Count(c => c == '\n'));
        var entry = JsonDocument.Parse(line).RootElement;
        Assert.Equal(Now, entry.GetProperty("@timestamp").GetDateTimeOffset());
        Assert.Equal("warn", entry.GetProperty("log.level").GetString());
        Assert.Equal("Sealed 7 of notes", entry.GetProperty("message").GetString());
        Assert.Equal("records", entry.GetProperty("service.name").GetString());
        Assert.Equal("clinic-a", entry.GetProperty("service.node.name").GetString());
        Assert.Equal("EdgeMesh.Some.Logger", entry.GetProperty("log.logger").GetString());
        Assert.Equal("Sealed", entry.GetProperty("event.action").GetString());
        Assert.Equal("7", entry.GetProperty("labels").GetProperty("Count").GetString());
        Assert.Equal("notes", entry.GetProperty("labels").GetProperty("Journal").GetString());
        Assert.Equal("System.InvalidOperationException", entry.GetProperty("error.type").GetString());
    }

    [Fact]
    public void Write_Text_HasTimeLevelSiteServiceAndMessageOnOneLine()
    {
        var line = Write(json: false, LogLevel.Information, null);

        Assert.Equal("04:05:06.789 info  clinic-a/records Logger: Sealed 7 of notes", line.TrimEnd());
    }

    [Fact]
    public void Write_TextWithAnException_PutsItBelow()
    {
        var lines = Write(json: false, LogLevel.Error, new InvalidOperationException("broken")).Split('\n');

        Assert.StartsWith("04:05:06.789 error", lines[0], StringComparison.Ordinal);
        Assert.Contains("broken", lines[1], StringComparison.Ordinal);
    }

    private static string Write(bool json, LogLevel level, Exception? error)
    {
        var formatter = new SiteConsoleFormatter(new TelemetryIdentity("clinic-a", "records"), new FakeTimeProvider(Now), json);
        KeyValuePair<string, object?>[] values = [new("Count", 7), new("Journal", "notes"), new("{OriginalFormat}", "Sealed {Count} of {Journal}")];
        var entry = new LogEntry<IReadOnlyList<KeyValuePair<string, object?>>>(
            level, "EdgeMesh.Some.Logger", new EventId(1, "Sealed"), values, error, (_, _) => "Sealed 7 of notes");
        using var output = new StringWriter();
        formatter.Write(entry, null, output);
        return output.ToString();
    }
}
