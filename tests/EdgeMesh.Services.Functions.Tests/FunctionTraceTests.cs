using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using EdgeMesh.Services.Functions.Triggers.Topics;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>The traces of calls that no request led to.</summary>
public sealed class FunctionTraceTests : IDisposable
{
    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly ActivityListener _tracing;

    public FunctionTraceTests()
    {
        _tracing = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "EdgeMesh.Functions", Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_tracing);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _tracing.Dispose();

    [Fact]
    public async Task Topic_MessageOfATrace_CallsTheFunctionInIt()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(TriggerModules.Stderr, FunctionsSite.Manifest("traced-topic", triggers: "  - topic: { name: vitals }"));
        using var sidecar = site.Host.SidecarClient("gateway");
        var trace = NewTrace();

        // A broker in memory forgets what nobody had subscribed yet: published until the subscription stands.
        var logs = await site.LogsAsync("traced-topic");
        for (var tries = 0; logs.AsArray().Count == 0; tries++)
        {
            Assert.True(tries < 1_500, "no message led to a call");
            using var message = new HttpRequestMessage(HttpMethod.Post, "/v1.0/publish/events/vitals") { Content = new StringContent("{}", Encoding.UTF8, "application/json") };
            message.Headers.Add("traceparent", $"00-{trace.TraceId}-{trace.SpanId}-01");
            using var answer = await sidecar.SendAsync(message, Cancellation);
            answer.EnsureSuccessStatusCode();
            await Task.Delay(20, Cancellation);
            logs = await site.LogsAsync("traced-topic");
        }

        Assert.Equal(trace.TraceId.ToString(), (string?)logs[0]!["traceId"]);
    }

    [Fact]
    public async Task Retry_OfAMessageOfATrace_IsInItToo()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(TriggerModules.FailsOn('!'), FunctionsSite.Manifest("traced-retry", triggers: "  - topic: { name: vitals }"));
        var trace = NewTrace();

        Assert.True(await (await site.TopicsAsync("vitals")).TakeAsync(Message("bad", "\"!\"", trace), Cancellation));
        Assert.All((await site.CallsAsync("traced-retry", 2)).Take(2), c => Assert.Equal(trace.TraceId.ToString(), (string?)c!["traceId"]));
    }

    [Fact]
    public async Task Batch_OfSeveralTraces_IsLinkedToEach()
    {
        // A clock that nobody moves: a batch is complete when it is full.
        await using var site = await FunctionsSite.StartAsync(clock: new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)));
        await site.DeployAsync(TriggerModules.Stderr, FunctionsSite.Manifest("traced-batch", triggers: "  - topic: { name: vitals, batch: 2 }"));
        var (topics, traces) = (await site.TopicsAsync("vitals"), (ActivityContext[])[NewTrace(), NewTrace()]);

        Assert.All(await Task.WhenAll(traces.Select((t, i) => topics.TakeAsync(Message($"m{i}", "{}", t), Cancellation))), Assert.True);
        var span = _spans.Single(s => (string?)s.GetTagItem("faas.name") == "traced-batch");
        Assert.Equal(traces.Select(t => t.TraceId), span.Links.Select(l => l.Context.TraceId));
        Assert.DoesNotContain(span.TraceId, traces.Select(t => t.TraceId));
    }

    private static ActivityContext NewTrace() => new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded, isRemote: true);

    private static TopicMessage Message(string id, string json, ActivityContext trace) => new("press", id, "vitals", "application/json", Encoding.UTF8.GetBytes(json)) { Trace = trace };
}
