using System.Net;
using EdgeMesh.ConformanceTests.Engines;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>A binding in a process of its own, which takes and gives.</summary>
public abstract class PluggableBindingSuite(PluggableFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Invoke_ItsOperation_IsAnsweredByTheComponent()
    {
        using var client = (await fixture.RunningAsync()).Client();
        using var answer = await client.PostAsync("/v1.0/bindings/echo", Running.Json("""{"operation":"echo","data":{"n":1},"metadata":{"mine":"kept"}}"""), Cancellation);
        Assert.Equal((HttpStatusCode.OK, """{"n":1}"""), (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancellation)));
        Assert.Equal("kept", answer.Headers.GetValues("metadata.mine").Single());
    }

    [Fact]
    public async Task Invoke_AnOperationThatItLacks_Is500AndNamesIt()
    {
        using var client = (await fixture.RunningAsync()).Client();
        using var answer = await client.PostAsync("/v1.0/bindings/echo", Running.Json("""{"operation":"shout","data":1}"""), Cancellation);
        Assert.Equal((HttpStatusCode.InternalServerError, "ERR_INVOKE_OUTPUT_BINDING"), (answer.StatusCode, await StateSuite.ErrorCodeAsync(answer)));
    }

    [Fact]
    public async Task Event_OfTheComponent_ReachesTheApp_AndItsAnswerTheComponent()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        dapr.Alpha.Answer("binding-given", given => given.Json.GetProperty("n").GetInt32() == 1 ? Results.Text("""{"took":"it"}""", "application/json") : Results.StatusCode(500));
        await GiveAsync(client, """{"operation":"give","data":{"n":1},"metadata":{"mine":"kept"}}""");
        var delivery = await dapr.Alpha.NextAsync("binding-given", Cancellation);
        Assert.Equal(("""{"n":1}""", "kept", "application/json"), (System.Text.Encoding.UTF8.GetString(delivery.Body), delivery.Headers["mine"], delivery.ContentType));
        Assert.Equal(("no", """{"took":"it"}"""), await AnswerAsync(client));

        await GiveAsync(client, """{"operation":"give","data":{"n":2}}""");
        await dapr.Alpha.NextAsync("binding-given", Cancellation);
        Assert.Equal(("yes", ""), await AnswerAsync(client));
    }

    private static async Task GiveAsync(HttpClient client, string body)
    {
        using var given = await client.PostAsync("/v1.0/bindings/given", Running.Json(body), Cancellation);
        Assert.Equal(HttpStatusCode.OK, given.StatusCode);
    }

    private static async Task<(string Failed, string Data)> AnswerAsync(HttpClient client)
    {
        using var answer = await client.PostAsync("/v1.0/bindings/given", Running.Json("""{"operation":"answer"}"""), Cancellation);
        return (answer.Headers.GetValues("metadata.failed").Single(), await answer.Content.ReadAsStringAsync(Cancellation));
    }
}

public sealed class EmbeddedPluggableBindingTests(EmbeddedPluggableFixture fixture) : PluggableBindingSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdPluggableBindingTests(DaprdPluggableFixture fixture) : PluggableBindingSuite(fixture);
