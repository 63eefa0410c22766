using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.Actors;

/// <summary>What a Resiliency resource's targets of the kind <c>actors</c> do.</summary>
public sealed class ActorResiliencyTests
{
    private const string Resource = """
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata: { name: r }
        spec:
          policies:
            timeouts: { short: 3s }
            retries:
              two: { policy: constant, duration: 5ms, maxRetries: 2 }
          targets:
            actors:
              cat: { retry: two }
              dog: { timeout: short }

        """;

    [Theory]
    [InlineData(2, 200, 3)]
    [InlineData(9, 500, 3)]
    public async Task Retry_OfItsType_MakesTheCallAgainWithItsBody(int failures, int status, int calls)
    {
        await using var app = await ActorApp.StartAsync("""{"entities":["cat"]}""");
        await using var sidecar = await StartAsync(app);
        using var http = sidecar.Http("pets");
        app.Answer("PUT cat/1/method/m", context =>
        {
            context.Response.StatusCode = failures-- > 0 ? 500 : 200;
            return Task.CompletedTask;
        });

        Assert.Equal(status, await http.PostJsonAsync("/v1.0/actors/cat/1/method/m", "\"fish\"").StatusAsync());
        for (var i = 0; i < calls; i++)
        {
            Assert.Equal("\"fish\"", await app.NextAsync("PUT cat/1/method/m"));
        }

        Assert.False(app.Has("PUT cat/1/method/m"));
    }

    [Fact]
    public async Task Timeout_OfItsType_EndsTheCallAndFreesTheActor()
    {
        await using var app = await ActorApp.StartAsync("""{"entities":["dog"]}""");
        await using var sidecar = await StartAsync(app);
        using var http = sidecar.Http("pets");
        app.Answer("PUT dog/1/method/slow", context => Task.Delay(Timeout.Infinite, context.RequestAborted));

        var (status, code, message) = await http.PutAsync("/v1.0/actors/dog/1/method/slow", null, TestSidecar.Cancellation).FaultAsync();

        Assert.Equal((500, "ERR_ACTOR_INVOKE_METHOD"), (status, code));
        Assert.Contains("deadline exceeded", message, StringComparison.Ordinal);
        Assert.Equal(200, await http.PutAsync("/v1.0/actors/dog/1/method/fast", null, TestSidecar.Cancellation).StatusAsync());
    }

    [Fact]
    public async Task Timeout_OfItsType_BeginsWithTheTurn()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60));
        await using var app = await ActorApp.StartAsync("""{"entities":["dog"]}""");
        await using var sidecar = await StartAsync(app, o => o with { Clock = clock, MetricsPort = 0 });
        using var http = sidecar.Http("pets");
        var (first, second) = (new TaskCompletionSource(), new TaskCompletionSource());
        app.Answer("PUT dog/1/method/first", _ => first.Task);
        app.Answer("PUT dog/1/method/second", _ => second.Task);
        var one = http.PutAsync("/v1.0/actors/dog/1/method/first", null, TestSidecar.Cancellation).StatusAsync();
        await app.NextAsync("PUT dog/1/method/first");
        var other = http.PutAsync("/v1.0/actors/dog/1/method/second", null, TestSidecar.Cancellation).StatusAsync();
        await sidecar.HasCallsOfActorsAsync(2, "dog", "pets");

        clock.Advance(TimeSpan.FromSeconds(2));
        first.SetResult();
        await app.NextAsync("PUT dog/1/method/second");
        clock.Advance(TimeSpan.FromSeconds(2));
        second.SetResult();
        var statuses = await Task.WhenAll(one, other);
        Assert.Equal([200, 200], statuses);
    }

    private static Task<TestSidecar> StartAsync(ActorApp app, Func<SidecarOptions, SidecarOptions>? change = null) => TestSidecar.StartAsync(Resource, new Dictionary<string, Uri?> { ["pets"] = app.Url }, change: change);
}
