using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.Apps;

/// <summary>Bindings, jobs and bulk messages for an app that speaks gRPC.</summary>
public sealed class GrpcBlockTests : IDisposable
{
    private readonly string _folder = TestSidecar.TemporaryFolder();
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task Cron_WantedByAGrpcApp_ComesAndItsAnswerGoesToTheBindingsThatItNames()
    {
        await using var app = await GrpcBlockApp.StartAsync();
        await using var sidecar = await StartAsync(app);
        _clock.Advance(TimeSpan.FromHours(1));
        var came = await app.Bindings.Reader.ReadAsync(TestSidecar.Cancellation);
        Assert.Equal("wanted", came.Name);
        Assert.StartsWith("2030-01-01 01:00:00", came.Metadata["readTimeUTC"], StringComparison.Ordinal);
        var files = Path.Combine(_folder, "files");
        while (Directory.GetFiles(files).Where(f => !f.EndsWith(".tmp", StringComparison.Ordinal)).ToArray() is not { Length: > 0 })
        {
            await Task.Delay(20, TestSidecar.Cancellation);
        }

        Assert.Equal("""{"from":"the app"}""", await File.ReadAllTextAsync(Directory.GetFiles(files).Single(), TestSidecar.Cancellation));
        Assert.False(app.Bindings.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Job_ForAGrpcApp_ComesByItsCallbackWithItsData()
    {
        await using var app = await GrpcBlockApp.StartAsync();
        await using var sidecar = await StartAsync(app);
        await sidecar.Grpc().ScheduleJobAsync(
            new ScheduleJobRequest { Job = new Job { Name = "packed", DueTime = "0s", Data = Any.Pack(new StringValue { Value = "hi" }) } }, TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation);
        var came = await app.Jobs.Reader.ReadAsync(TestSidecar.Cancellation);
        Assert.Equal(("packed", "job/packed", "hi"), (came.Name, came.Method, came.Data.Unpack<StringValue>().Value));
    }

    [Fact]
    public async Task Publish_BulkForAGrpcApp_ComesTogetherAndWhatItDropsGoesToDeadLetters()
    {
        await using var app = await GrpcBlockApp.StartAsync();
        await using var sidecar = await StartAsync(app);
        foreach (var text in new[] { "wanted", "unwanted" })
        {
            await sidecar.Grpc().PublishEventAsync(
                new PublishEventRequest { PubsubName = "pubsub", Topic = "bulk", Data = ByteString.CopyFromUtf8(text), DataContentType = "text/plain" }, TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation);
        }

        var came = await app.Messages.Reader.ReadAsync(TestSidecar.Cancellation);
        Assert.Equal(("bulk", "/bulk", "pubsub"), (came.Topic, came.Path, came.PubsubName));
        Assert.Equal(["unwanted", "wanted"], came.Entries.Select(e => e.CloudEvent.Data.ToStringUtf8()).Order(StringComparer.Ordinal));
        var dead = await app.Messages.Reader.ReadAsync(TestSidecar.Cancellation);
        Assert.Equal(("dead", "unwanted"), (dead.Topic, Assert.Single(dead.Entries).CloudEvent.Data.ToStringUtf8()));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<TestSidecar> StartAsync(GrpcBlockApp app)
    {
        var sidecar = await TestSidecar.StartAsync(
            Yaml.Component("pubsub", "pubsub.in-memory") + Yaml.Component("wanted", "bindings.cron", ("schedule", "@hourly")) + Yaml.Component("unwanted", "bindings.cron", ("schedule", "@hourly"))
            + Yaml.Component("files", "bindings.localstorage", ("rootPath", "files")),
            new Dictionary<string, Uri?> { ["alpha"] = app.Url }, _folder,
            o => o with { Clock = _clock, Apps = [.. o.Apps.Select(a => a with { AppProtocol = AppProtocol.Grpc })] });
        using var http = sidecar.Http();
        while (await http.GetAsync("/v1.0/healthz", TestSidecar.Cancellation).StatusAsync() != 204)
        {
            await Task.Delay(20, TestSidecar.Cancellation);
        }

        return sidecar;
    }
}
