using EdgeMesh.Functions.Tests;

namespace EdgeMesh.Services.Functions.Tests;

public sealed class HttpTriggerTests
{
    [Fact]
    public async Task Call_Body_IsOnStdinAndStdoutIsTheAnswer()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(Wat.Echo, FunctionsSite.Manifest("echo"));

        Assert.Equal((200, "to and fro"), await site.CallAsync("echo", "to and fro"));
    }

    [Fact]
    public async Task Call_StdoutWithAHead_IsStatusHeadersAndBody()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(Wat.Echo, FunctionsSite.Manifest("echo"));
        using var answer = await site.SendAsync(HttpMethod.Post, "functions/echo/run", "Status: 418\nContent-Type: text/teapot\nX-Pot: yes\nConnection: close\n\nshort"u8.ToArray(), FunctionsSite.User with { Scopes = ["functions/echo"] });

        Assert.Equal(418, (int)answer.StatusCode);
        Assert.Equal(("text/teapot", "yes", "short"), (answer.Content.Headers.ContentType!.MediaType, answer.Headers.GetValues("X-Pot").Single(), await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
    }

    [Theory]
    [InlineData("other", "POST", 404, "POST /run")]
    [InlineData("run", "GET", 405, "Allowed: POST")]
    public async Task Call_NoTriggerThere_SaysWhatThereIs(string path, string method, int status, string says)
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(Wat.Echo, FunctionsSite.Manifest("echo"));
        var (given, body) = await site.CallAsync("echo", path: path, method: method);

        Assert.Equal(status, given);
        Assert.Contains(says, body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_WithoutTheScope_IsRefusedAndRunsNothing()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(Wat.Echo, FunctionsSite.Manifest("echo"));
        using var nobody = await site.SendAsync(HttpMethod.Post, "functions/echo/run", [], null);

        Assert.Equal(403, (await site.CallAsync("echo", scopes: ["functions/other"])).Status);
        Assert.Equal(401, (int)nobody.StatusCode);
        Assert.Empty((await site.LogsAsync("echo")).AsArray());
    }

    [Fact]
    public async Task Call_OpenTrigger_NeedsNoToken()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(FunctionsSite.Says("hi"), FunctionsSite.Manifest("hook", triggers: "  - http: { method: POST, path: /, open: true }"));
        using var answer = await site.SendAsync(HttpMethod.Post, "functions/hook/run", [], null);

        Assert.Equal(200, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Call_FunctionThatFails_Is502WithTheReason()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(FunctionsSite.Exits(3), FunctionsSite.Manifest("bad"));
        var (status, body) = await site.CallAsync("bad");

        Assert.Equal(502, status);
        Assert.Contains("exit code 3", body, StringComparison.Ordinal);
        Assert.Equal("Failed", (string?)(await site.LogsAsync("bad"))[0]!["outcome"]);
    }

    [Fact]
    public async Task Call_EndlessLoop_Is504AndOthersGoOn()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(Wat.EndlessLoop, FunctionsSite.Manifest("loop", more: "limits: { fuel: 1000000 }"));
        await site.DeployAsync(Wat.Echo, FunctionsSite.Manifest("echo"));

        Assert.Equal(504, (await site.CallAsync("loop")).Status);
        Assert.Equal((200, "x"), await site.CallAsync("echo", "x"));
    }

    [Fact]
    public async Task Call_BodyOverTheFunctionsLimit_Is413()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(Wat.Echo, FunctionsSite.Manifest("echo", more: "limits: { input: 10B }"));

        Assert.Equal(413, (await site.CallAsync("echo", "more than ten")).Status);
    }

    [Fact]
    public async Task Calls_AreCountedWithTheirColdStartAndCost()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(Wat.Echo, FunctionsSite.Manifest("echo"));
        for (var i = 0; i < 3; i++)
        {
            await site.CallAsync("echo", "abcd");
        }

        var usage = (await site.DetailAsync("echo"))!["function"]!["usage"]!;
        Assert.Equal((3, 0, 1, 24), ((int)usage["calls"]!, (int)usage["failed"]!, (int)usage["coldStarts"]!, (int)usage["bytes"]!));
        Assert.True((double)usage["cpuMilliseconds"]! > 0 && (double)usage["memoryMilliseconds"]! > 0);
    }
}
