using System.Text.Json;
using EdgeMesh.Telemetry.Tests.Shipping;
using Serilog;
using Serilog.Events;
using Serilog.Parsing;

namespace EdgeMesh.Telemetry.Tests.Logs;

public sealed class EdgeMeshSinkTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WriteToEdgeMesh_AnEvent_ReachesTheIndexWithTheSchemasFields()
    {
        var index = new FakeIndex(TimeProvider.System);
        await using var server = await FakeIndexServer.StartAsync(index, Cancellation);
        var options = new LogShippingOptions { Url = new Uri(server.Url), Spool = new LogSpoolOptions { Folder = _folder.Path }, Linger = TimeSpan.FromMilliseconds(1) };
        await using (var log = new LoggerConfiguration().MinimumLevel.Verbose().WriteTo.EdgeMesh(options, "clinic-a", "records").CreateLogger())
        {
            log.ForContext("SourceContext", "Some.Logger").Warning(new InvalidOperationException("broken"), "Sealed {Count} of {Journal} {@Place}", 7, "notes", new { Row = 3 });
            await ArrivedAsync(() => index.Count == 1);
        }

        var record = Assert.Single(index.Records);
        Assert.Equal("Sealed 7 of \"notes\" { Row: 3 }", record.GetProperty("message").GetString());
        Assert.Equal("warn", record.GetProperty("log.level").GetString());
        Assert.Equal("Some.Logger", record.GetProperty("log.logger").GetString());
        Assert.Equal("broken", record.GetProperty("error.message").GetString());
        Assert.Equal(["Count=7", "Journal=notes", "Place={ Row: 3 }"], record.GetProperty("labels").EnumerateObject().Select(l => $"{l.Name}={l.Value}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task WriteToEdgeMesh_NoIndex_KeepsWhatWasLoggedForTheNextStart()
    {
        var options = new LogShippingOptions { Url = new Uri("http://127.0.0.1:1"), Spool = new LogSpoolOptions { Folder = _folder.Path } };
        await using (var log = new LoggerConfiguration().MinimumLevel.Verbose().WriteTo.EdgeMesh(options, "clinic-a", "records").CreateLogger())
        {
            log.Verbose("kept {Text}", new string('x', 10_000_000));
            log.Fatal("kept too");
        }

        using var spool = LogSpool.Open(options.Spool, TimeProvider.System);
        await spool.FlushAsync();
        var records = spool.Read(10, 1 << 20)!.Records.Select(r => JsonDocument.Parse(r.Payload).RootElement).ToList();
        Assert.Equal(["fatal", "trace"], records.Select(r => r.GetProperty("log.level").GetString()));
        Assert.True(records[1].TryGetProperty("edgemesh.cut", out _));
    }

    [Fact]
    public async Task Emit_AfterTheSinkWasDisposed_GoesIntoTheSpoolThatAnotherHostStillOwns()
    {
        var options = new LogShippingOptions { Url = new Uri("http://127.0.0.1:1"), Spool = new LogSpoolOptions { Folder = _folder.Path } };
        var identity = new TelemetryIdentity("clinic-a", "records");
        using var other = LogShipping.Take(options, identity, TimeProvider.System);
        var sink = new EdgeMeshSink(identity, LogShipping.Take(options, identity, TimeProvider.System));
        sink.Dispose();

        sink.Emit(new LogEvent(DateTimeOffset.UnixEpoch, LogEventLevel.Information, null, new MessageTemplateParser().Parse("late"), []));

        Assert.True(await other.Spool.FlushAsync());
        Assert.Equal(1, other.Spool.Status.BacklogRecords);
    }

    public void Dispose() => _folder.Dispose();

    private static async Task ArrivedAsync(Func<bool> arrived)
    {
        for (var tries = 0; !arrived(); tries++)
        {
            Assert.True(tries < 3000, "It has not arrived within a minute.");
            await Task.Delay(20, Cancellation);
        }
    }
}
