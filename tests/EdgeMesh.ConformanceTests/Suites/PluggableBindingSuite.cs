using System.Net;
using EdgeMesh.ConformanceTests.Engines;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>An output binding in a process of its own.</summary>
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
}

public sealed class EmbeddedPluggableBindingTests(EmbeddedPluggableFixture fixture) : PluggableBindingSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdPluggableBindingTests(DaprdPluggableFixture fixture) : PluggableBindingSuite(fixture);
