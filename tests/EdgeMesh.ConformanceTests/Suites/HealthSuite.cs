using EdgeMesh.ConformanceTests.Engines;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>An app whose health is asked for, and that takes one call at a time.</summary>
public abstract class HealthSuite(HealthFixture fixture)
{
    private const string Sick = "rpc error: code = Internal desc = app is not in a healthy state";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Busy_IsAskedAllTheSame_AndNotSick()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        var release = new TaskCompletionSource();
        dapr.Beta.Answer("held", async _ =>
        {
            await release.Task;
            return Results.Text("held");
        });
        await BecomesAsync(client, 200);
        var held = client.PostAsync("/v1.0/invoke/beta/method/deliver/held", Running.Json("{}"), Cancellation);
        await dapr.Beta.NextAsync("held", Cancellation);
        var asked = dapr.Beta.Asked;
        await Eventually.HoldsAsync(() => Task.FromResult(dapr.Beta.Asked >= asked + 3), Cancellation);
        release.SetResult();
        using var answer = await held;
        Assert.Equal("held", await answer.Content.ReadAsStringAsync(Cancellation));
        using var next = await client.GetAsync("/v1.0/invoke/beta/method/status/200", Cancellation);
        Assert.Equal(200, (int)next.StatusCode);
    }

    [Fact]
    public async Task Sick_IsNotCalled_UntilItIsWell()
    {
        var dapr = await fixture.RunningAsync();
        using HttpClient alpha = dapr.Client(), beta = dapr.Client("beta");
        await BecomesAsync(alpha, 200);
        dapr.Beta.IsHealthy = false;
        await BecomesAsync(alpha, 500);
        Assert.Equal(
            (500, "ERR_DIRECT_INVOKE", $"failed to invoke, id: beta, err: rpc error: code = Internal desc = error invoking app channel: {Sick}"),
            await Faults.OfAsync(alpha.GetAsync("/v1.0/invoke/beta/method/status/200", Cancellation)));
        Assert.Equal((500, "ERR_DIRECT_INVOKE", $"failed to invoke, id: beta, err: {Sick}"), await Faults.OfAsync(beta.GetAsync("/v1.0/invoke/beta/method/status/200", Cancellation)));
        using var healthz = await beta.GetAsync("/v1.0/healthz", Cancellation);
        Assert.Equal(204, (int)healthz.StatusCode);
        dapr.Beta.IsHealthy = true;
        await BecomesAsync(alpha, 200);
    }

    private static Task BecomesAsync(HttpClient client, int status) => Eventually.HoldsAsync(
        async () =>
        {
            using var answer = await client.GetAsync("/v1.0/invoke/beta/method/status/200", Cancellation);
            return (int)answer.StatusCode == status;
        },
        Cancellation);
}

public sealed class EmbeddedHealthTests(EmbeddedHealthFixture fixture) : HealthSuite(fixture);

public sealed class TwoProcessesHealthTests(TwoProcessesHealthFixture fixture) : HealthSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdHealthTests(DaprdHealthFixture fixture) : HealthSuite(fixture);
