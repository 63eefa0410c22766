using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.Jobs;

/// <summary>Jobs on a clock that the test moves.</summary>
public sealed class JobRunnerTests : IDisposable
{
    private readonly string _folder = TestSidecar.TemporaryFolder();
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly Channel<string> _came = Channel.CreateUnbounded<string>();
    private Func<string, int> _answer = _ => 200;

    [Fact]
    public async Task Schedule_DueAfterARestart_ComesThen()
    {
        await using var app = await AppAsync();
        await using (var sidecar = await StartAsync(app))
        {
            Assert.Equal(204, await PostAsync(sidecar, "later", """{"dueTime":"1h","data":"hi"}"""));
        }

        _clock.Advance(TimeSpan.FromHours(2));
        await using var again = await StartAsync(app);
        Assert.Equal("/job/later \"hi\"", await _came.Reader.ReadAsync(TestSidecar.Cancellation));
    }

    [Fact]
    public async Task Schedule_Repeated_ComesAtItsTimesAndNotBefore()
    {
        await using var app = await AppAsync();
        await using var sidecar = await StartAsync(app);
        await PostAsync(sidecar, "hourly", """{"schedule":"@hourly","repeats":2,"data":1}""");
        _clock.Advance(TimeSpan.FromMinutes(59));
        Assert.False(_came.Reader.TryRead(out _));
        await ComesAsync(TimeSpan.FromMinutes(1), "/job/hourly 1");
        await ComesAsync(TimeSpan.FromHours(1), "/job/hourly 1");
        await GoneAsync(sidecar, "hourly");
    }

    [Fact]
    public async Task Deliver_AppFails_ComesAgainAfterTheIntervalSoOften()
    {
        _answer = _ => 500;
        await using var app = await AppAsync();
        await using var sidecar = await StartAsync(app);
        await PostAsync(sidecar, "failing", """{"dueTime":"0s","data":1,"failurePolicy":{"constant":{"interval":"60s","maxRetries":2}}}""");
        Assert.Equal("/job/failing 1", await _came.Reader.ReadAsync(TestSidecar.Cancellation));
        await ComesAsync(TimeSpan.FromSeconds(60), "/job/failing 1");
        await ComesAsync(TimeSpan.FromSeconds(60), "/job/failing 1");
        await GoneAsync(sidecar, "failing");
        Assert.False(_came.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Schedule_TimeToLiveIsOver_DoesNotCome()
    {
        await using var app = await AppAsync();
        await using (var sidecar = await StartAsync(app))
        {
            await PostAsync(sidecar, "short", """{"dueTime":"10s","ttl":"20s","data":1}""");
            await PostAsync(sidecar, "lasting", """{"dueTime":"30s","data":2}""");
        }

        _clock.Advance(TimeSpan.FromSeconds(31));
        await using var again = await StartAsync(app);
        Assert.Equal("/job/lasting 2", await _came.Reader.ReadAsync(TestSidecar.Cancellation));
        await GoneAsync(again, "short");
        Assert.False(_came.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Schedule_WithoutData_ComesWithAnEmptyBody()
    {
        await using var app = await AppAsync();
        await using var sidecar = await StartAsync(app);
        await PostAsync(sidecar, "bare", """{"dueTime":"0s"}""");
        Assert.Equal("/job/bare ", await _came.Reader.ReadAsync(TestSidecar.Cancellation));
    }

    [Fact]
    public async Task Schedule_NoJobEver_MakesNoFile()
    {
        await using var app = await AppAsync();
        await using var sidecar = await StartAsync(app);
        using var http = sidecar.Http();
        await http.GetAsync("/v1.0-alpha1/jobs/nosuch", TestSidecar.Cancellation).StatusAsync();
        Assert.False(File.Exists(Path.Combine(_folder, "jobs.db")));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>The runner waits on the clock only after it has settled what came before: moved until it does.</summary>
    private async Task ComesAsync(TimeSpan step, string expected)
    {
        string? came;
        while (!_came.Reader.TryRead(out came))
        {
            _clock.Advance(step);
            await Task.WhenAny(_came.Reader.WaitToReadAsync(TestSidecar.Cancellation).AsTask(), Task.Delay(20, TestSidecar.Cancellation));
        }

        Assert.Equal(expected, came);
    }

    private static async Task GoneAsync(TestSidecar sidecar, string name)
    {
        using var http = sidecar.Http();
        while (await http.GetAsync("/v1.0-alpha1/jobs/" + name, TestSidecar.Cancellation).StatusAsync() != 500)
        {
            await Task.Delay(20, TestSidecar.Cancellation);
        }
    }

    private static async Task<int> PostAsync(TestSidecar sidecar, string name, string body)
    {
        using var http = sidecar.Http();
        return await http.PostJsonAsync("/v1.0-alpha1/jobs/" + name, body).StatusAsync();
    }

    private Task<TestApp> AppAsync() => TestApp.StartAsync(async context =>
    {
        using var body = new StreamReader(context.Request.Body);
        var said = $"{context.Request.Path} {await body.ReadToEndAsync()}";
        context.Response.StatusCode = _answer(said);
        _came.Writer.TryWrite(said);
    });

    private Task<TestSidecar> StartAsync(TestApp app) =>
        TestSidecar.StartAsync(null, new Dictionary<string, Uri?> { ["alpha"] = app.Url }, _folder, o => o with { Clock = _clock });
}
