using System.Net;
using System.Text;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Engines;
using Google.Protobuf;
using Grpc.Core;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Output bindings (HTTP, files) and an input binding (cron).</summary>
public abstract class BindingSuite(BlocksFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("get", "GET")]
    [InlineData("post", "POST")]
    [InlineData("create", "POST")]
    [InlineData("put", "PUT")]
    [InlineData("delete", "DELETE")]
    [InlineData("patch", "PATCH")]
    public async Task Http_Operation_IsItsVerb(string operation, string verb)
    {
        using var answer = await InvokeAsync("web", $$$"""{"operation":"{{{operation}}}","data":{"a":1}}""");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(verb, Assert.Single(answer.Headers.GetValues("metadata.x-echo-method")));
        Assert.Equal("200", Assert.Single(answer.Headers.GetValues("metadata.statuscode")));
        Assert.Equal("200 OK", Assert.Single(answer.Headers.GetValues("metadata.status")));
    }

    [Fact]
    public async Task Http_PathHeadersAndData_ReachTheTarget()
    {
        using var answer = await InvokeAsync("web", """{"operation":"post","data":{"a":1},"metadata":{"path":"/below?x=1","X-Custom":"yes","ignored":"lower case"}}""");
        Assert.Equal("/echo/below", Assert.Single(answer.Headers.GetValues("metadata.x-echo-path")));
        Assert.Equal("?x=1", Assert.Single(answer.Headers.GetValues("metadata.x-echo-query")));
        Assert.Equal("yes", Assert.Single(answer.Headers.GetValues("metadata.x-echo-custom")));
        Assert.Equal("application/json; charset=utf-8", Assert.Single(answer.Headers.GetValues("metadata.x-echo-type")));
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.ToString());
        Assert.Equal("""{"a":1}""", await answer.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task Http_TextData_KeepsItsQuotes()
    {
        using var answer = await InvokeAsync("web", """{"operation":"post","data":"text"}""");
        Assert.Equal("\"text\"", await answer.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task Http_ErrorStatus_Is500WithTheTargetsMetadata()
    {
        using var answer = await InvokeAsync("web-status", """{"operation":"get","metadata":{"path":"503"}}""");
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal("503", Assert.Single(answer.Headers.GetValues("metadata.statuscode")));
        Assert.Equal("503 Service Unavailable", Assert.Single(answer.Headers.GetValues("metadata.status")));
        Assert.Equal("error invoking output binding web-status: received status code 503", (await Faults.OfAsync(Task.FromResult(answer))).Message);
    }

    [Fact]
    public async Task Http_ErrorStatusThatIsNoError_IsTheAnswer()
    {
        using var answer = await InvokeAsync("web-lenient", """{"operation":"get","metadata":{"path":"503"}}""");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("""{"status":503}""", await answer.Content.ReadAsStringAsync(Cancellation));
    }

    [Theory]
    [InlineData("web-status", "false", 200)]
    [InlineData("web-status", "nonsense", 200)]
    [InlineData("web-status", "", 500)]
    [InlineData("web-lenient", "true", 500)]
    [InlineData("web-lenient", "", 200)]
    public async Task Http_ErrorStatus_IsAnErrorAsTheRequestSays(string binding, string said, int expected)
    {
        using var answer = await InvokeAsync(binding, $$$"""{"operation":"get","metadata":{"path":"503","errorIfNot2XX":"{{{said}}}"}}""");
        Assert.Equal(expected, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Http_AnswerOverItsSize_IsCutOff()
    {
        using var answer = await InvokeAsync("web-small", """{"operation":"post","data":"abcdef"}""");
        Assert.Equal((HttpStatusCode.OK, "\"abc"), (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancellation)));
    }

    [Theory]
    [InlineData("nosuch", """{"operation":"create"}""", "error invoking output binding nosuch: couldn't find output binding nosuch")]
    [InlineData("every-second", """{"operation":"create"}""", "error invoking output binding every-second: couldn't find output binding every-second")]
    [InlineData("web", "{}", "error invoking output binding web: operation field is missing from request")]
    [InlineData("web", """{"operation":"bogus"}""", "error invoking output binding web: binding web does not support operation bogus. supported operations:create get head post put patch delete options trace")]
    [InlineData("files", """{"operation":"bogus"}""", "error invoking output binding files: binding files does not support operation bogus. supported operations:create get list delete")]
    public async Task Invoke_WhatIsNotThere_Is500WithDaprsMessage(string binding, string body, string message) =>
        Assert.Equal((500, "ERR_INVOKE_OUTPUT_BINDING", message), await Faults.OfAsync(InvokeAsync(binding, body)));

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("""{"operation":5}""")]
    [InlineData("""{"operation":"get","metadata":{"a":1}}""")]
    [InlineData("[]")]
    public async Task Invoke_NoSuchBody_Is400(string body)
    {
        var (status, code, _) = await Faults.OfAsync(InvokeAsync("web", body));
        Assert.Equal((400, "ERR_MALFORMED_REQUEST"), (status, code));
    }

    [Fact]
    public async Task Files_CreateGetListDelete_DoSo()
    {
        using var created = await InvokeAsync("files", """{"operation":"create","data":"hello","metadata":{"fileName":"cycle/one.txt"}}""");
        Assert.Equal("""{"fileName":"cycle/one.txt"}""", await created.Content.ReadAsStringAsync(Cancellation));
        using var got = await InvokeAsync("files", """{"operation":"get","metadata":{"fileName":"cycle/one.txt"}}""");
        Assert.Equal("hello", await got.Content.ReadAsStringAsync(Cancellation));
        using var listed = await InvokeAsync("files", """{"operation":"list","metadata":{"fileName":"cycle"}}""");
        Assert.Equal([Path.Combine(fixture.Files, "cycle", "one.txt")], JsonSerializer.Deserialize<string[]>(await listed.Content.ReadAsStringAsync(Cancellation))!);
        using var deleted = await InvokeAsync("files", """{"operation":"delete","metadata":{"fileName":"cycle/one.txt"}}""");
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.False(File.Exists(Path.Combine(fixture.Files, "cycle", "one.txt")));
    }

    [Theory]
    [InlineData("\"aGVsbG8=\"", "hello")]
    [InlineData("\"hello \\\"you\\\"\"", "hello \"you\"")]
    [InlineData("{\"x\":1}", "{\"x\":1}")]
    [InlineData("5", "5")]
    public async Task Files_Create_DecodesBase64AndTakesQuotesOff(string data, string content)
    {
        using var created = await InvokeAsync("files", $$$"""{"operation":"create","data":{{{data}}}}""");
        var name = JsonDocument.Parse(await created.Content.ReadAsStringAsync(Cancellation)).RootElement.GetProperty("fileName").GetString()!;
        Assert.True(Guid.TryParse(name, out _));
        Assert.Equal(content, await File.ReadAllTextAsync(Path.Combine(fixture.Files, name), Cancellation));
    }

    [Theory]
    [InlineData("../escaped", "escaped")]
    [InlineData("/etc/absolute", "etc/absolute")]
    [InlineData("a/../../../../b", "b")]
    public async Task Files_NameThatLeadsOut_StaysInside(string name, string inside)
    {
        using var created = await InvokeAsync("files", $$$"""{"operation":"create","data":"x","metadata":{"fileName":"{{{name}}}"}}""");
        Assert.Equal($$"""{"fileName":"{{inside}}"}""", await created.Content.ReadAsStringAsync(Cancellation));
        Assert.True(File.Exists(Path.Combine(fixture.Files, inside)));
    }

    [Fact]
    public async Task Files_LinkThatLeadsOut_IsNotFollowed()
    {
        await fixture.RunningAsync();
        var link = Path.Combine(fixture.Files, "outside");
        Directory.CreateSymbolicLink(link, "/etc");
        try
        {
            Assert.Equal(500, (await Faults.OfAsync(InvokeAsync("files", """{"operation":"get","metadata":{"fileName":"outside/hostname"}}"""))).Status);
        }
        finally
        {
            Directory.Delete(link);
        }
    }

    [Theory]
    [InlineData("get", "nosuch")]
    [InlineData("get", ".")]
    [InlineData("list", "nosuch")]
    [InlineData("delete", "nosuch")]
    public async Task Files_WhatIsNotThere_Is500(string operation, string name)
    {
        var (status, code, _) = await Faults.OfAsync(InvokeAsync("files", $$$"""{"operation":"{{{operation}}}","metadata":{"fileName":"{{{name}}}"}}"""));
        Assert.Equal((500, "ERR_INVOKE_OUTPUT_BINDING"), (status, code));
    }

    [Fact]
    public async Task Grpc_InvokeBinding_GivesDataAndMetadata()
    {
        var grpc = (await fixture.RunningAsync()).Grpc();
        var answer = await grpc.InvokeBindingAsync(
            new InvokeBindingRequest { Name = "web", Operation = "post", Data = ByteString.CopyFromUtf8("plain"), Metadata = { ["path"] = "/grpc" } }, Running.Token, cancellationToken: Cancellation);
        Assert.Equal("plain", answer.Data.ToStringUtf8());
        Assert.Equal("200", answer.Metadata["statusCode"]);
        var error = await Assert.ThrowsAsync<RpcException>(async () => await grpc.InvokeBindingAsync(new InvokeBindingRequest { Name = "nosuch", Operation = "create" }, Running.Token, cancellationToken: Cancellation));
        Assert.Equal((StatusCode.Internal, "error invoking output binding nosuch: couldn't find output binding nosuch"), (error.StatusCode, error.Status.Detail));
    }

    [Theory]
    [InlineData("every-second")]
    [InlineData("seconds")]
    public async Task Cron_WantedByTheApp_ComesAgainAndAgain(string binding)
    {
        var dapr = await fixture.RunningAsync();
        for (var i = 0; i < 2; i++)
        {
            var tick = await dapr.Alpha.NextAsync("binding-" + binding, Cancellation);
            Assert.Equal("application/json", tick.ContentType);
            Assert.Empty(tick.Body);
            Assert.True(DateTimeOffset.TryParse(tick.Headers["readTimeUTC"].Split(" +", 2)[0], System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out _));
            Assert.Equal("Local", tick.Headers["timeZone"]);
        }
    }

    [Fact]
    public async Task Cron_NotWantedByTheApp_NeverComes()
    {
        var dapr = await fixture.RunningAsync();
        await dapr.Alpha.NextAsync("binding-every-second", Cancellation);
        await dapr.Alpha.NextAsync("binding-every-second", Cancellation);
        Assert.False(dapr.Alpha.HasDelivery("binding-unwanted"));
    }

    private async Task<HttpResponseMessage> InvokeAsync(string binding, string body)
    {
        using var client = (await fixture.RunningAsync()).Client();
        return await client.PostAsync("/v1.0/bindings/" + binding, Running.Json(body), Cancellation);
    }
}

public sealed class EmbeddedBindingTests(EmbeddedBlocksFixture fixture) : BindingSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdBindingTests(DaprdBlocksFixture fixture) : BindingSuite(fixture);
