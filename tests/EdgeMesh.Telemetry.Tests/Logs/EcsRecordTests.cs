using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Telemetry.Tests.Logs;

public sealed class EcsRecordTests
{
    private static readonly EcsOrigin Origin = new(new TelemetryIdentity("clinic-a", "records") { Environment = "Staging" });
    private static readonly DateTimeOffset Now = new(2030, 2, 3, 4, 5, 6, 789, TimeSpan.FromHours(2));

    /// <summary>A record with every field that there is.</summary>
    internal static JsonElement Everything
    {
        get
        {
            using var activity = new Activity("work").SetIdFormat(ActivityIdFormat.W3C).Start();
            return Write(new string('x', 20_000), [new("Count", 7)], new InvalidOperationException("broken"));
        }
    }

    [Fact]
    public void Write_AnEntry_HasTheSchemasFields()
    {
        using var activity = new Activity("work").SetIdFormat(ActivityIdFormat.W3C).Start();
        var record = Write("Sealed 7 of notes", [new("Count", 7), new("Journal", "notes"), new("Ratio", 0.5)], new InvalidOperationException("broken"));

        Assert.Equal("2030-02-03T02:05:06.789Z", record.GetProperty("@timestamp").GetString());
        Assert.Equal("8.11.0", record.GetProperty("ecs.version").GetString());
        Assert.Equal("error", record.GetProperty("log.level").GetString());
        Assert.Equal("clinic-a", record.GetProperty("service.node.name").GetString());
        Assert.Equal("Staging", record.GetProperty("service.environment").GetString());
        Assert.Equal("edgemesh.records", record.GetProperty("event.dataset").GetString());
        Assert.Equal("Sealed", record.GetProperty("event.action").GetString());
        Assert.Equal(activity.TraceId.ToHexString(), record.GetProperty("trace.id").GetString());
        Assert.Equal(activity.SpanId.ToHexString(), record.GetProperty("span.id").GetString());
        Assert.Equal("broken", record.GetProperty("error.message").GetString());
        Assert.Equal(["7", "notes", "0.5"], record.GetProperty("labels").EnumerateObject().Select(l => l.Value.GetString()));
    }

    [Fact]
    public void Head_NoEnvironmentIsKnown_HasNone() =>
        Assert.DoesNotContain("service.environment", new EcsOrigin(new TelemetryIdentity("clinic-a", "records")).Text("}"u8), StringComparison.Ordinal);

    [Fact]
    public void Write_ForgedFieldsAndLines_StayInsideTheMessage()
    {
        const string evil = "done\",\"log.level\":\"info\"}\n{\"create\":{}}\r\n{\"message\":\"forged \u0000\u001b[31m\u2028<script>alert(1)</script>";
        var line = Line(evil, [new("evil\",\"x", evil), new("log.level", "debug")], null);
        var record = JsonDocument.Parse(line).RootElement;

        Assert.Equal(-1, line.AsSpan().IndexOfAny('\n', '\r'));
        Assert.DoesNotContain(line, c => char.IsControl(c) || c is '<' or '>' or '\u2028');
        Assert.Equal(evil, record.GetProperty("message").GetString());
        Assert.Equal("error", record.GetProperty("log.level").GetString());
        Assert.Equal(["evil___x", "log_level"], record.GetProperty("labels").EnumerateObject().Select(l => l.Name));
        Assert.Equal(record.EnumerateObject().Count(), record.EnumerateObject().Select(p => p.Name).Distinct().Count());
    }

    [Theory]
    [InlineData('a')]
    [InlineData('\u0001')]
    [InlineData('ä')]
    [InlineData('\uD800')]
    public void Write_TenMegabytesOfAnything_IsCutToItsLimitAndSaysSo(char of)
    {
        var line = Line(new string(of, 10_000_000), [.. Enumerable.Range(0, 60).Select(n => new KeyValuePair<string, object?>($"label{n}", new string(of, 100_000)))], new InvalidOperationException(new string(of, 100_000)));
        var record = JsonDocument.Parse(line).RootElement;

        Assert.InRange(Encoding.UTF8.GetByteCount(line), 1000, EcsLimits.Record + Origin.Head.Length);
        Assert.True(record.GetProperty("edgemesh.cut").GetInt64() > 9_000_000);
        Assert.Equal(EcsLimits.Labels, record.GetProperty("labels").EnumerateObject().Count());
    }

    [Fact]
    public void Write_TwoLabelsOfOneName_KeepsTheFirst() =>
        Assert.Equal(["1"], Write("m", [new("a", 1), new("a", 2)], null).GetProperty("labels").EnumerateObject().Select(l => l.Value.GetString()));

    [Fact]
    public void Write_CutThroughAPair_KeepsNoHalfOfIt()
    {
        var record = Write(new string('x', EcsLimits.Usual.Message - 1) + "😀😀", [], null);

        Assert.Equal(new string('x', EcsLimits.Usual.Message - 1), record.GetProperty("message").GetString());
    }

    [Fact]
    public void Write_AValueThatLogsWhileItIsWritten_DisturbsNothing()
    {
        var record = Write("outer", [new("value", new LogsItself())], null);

        Assert.Equal("outer", record.GetProperty("message").GetString());
        Assert.Equal("inner", record.GetProperty("labels").GetProperty("value").GetString());
    }

    private static JsonElement Write(string message, KeyValuePair<string, object?>[] values, Exception? error) => JsonDocument.Parse(Line(message, values, error)).RootElement;

    private static string Line(string message, KeyValuePair<string, object?>[] values, Exception? error)
    {
        var record = EcsRecord.Rent();
        try
        {
            var entry = new LogEntry<IReadOnlyList<KeyValuePair<string, object?>>>(LogLevel.Error, "EdgeMesh.Some", new EventId(1, "Sealed"), values, error, (_, _) => message);
            return Origin.Text(EcsEntry.Write(record, entry, Now));
        }
        finally
        {
            record.Return();
        }
    }

    private sealed class LogsItself
    {
        public override string ToString() => Write("inner", [new("x", 1)], null).GetProperty("message").GetString()!;
    }
}
