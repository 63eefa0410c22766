using System.IO.Pipelines;
using System.Net;
using System.Text;
using EdgeMesh.Sidecar.Http;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Sidecar.Tests.Invocation;

public sealed class HttpInvocationTests : IAsyncLifetime
{
    private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TestApp _beta = null!;
    private TestSidecar _sidecar = null!;
    private HttpClient _http = null!;

    public async ValueTask InitializeAsync()
    {
        _beta = await TestApp.StartAsync(AnswerAsync);
        _sidecar = await TestSidecar.StartAsync("", new Dictionary<string, Uri?> { ["alpha"] = null, ["beta"] = _beta.Url });
        _http = _sidecar.Http();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        switch (context.Request.Path.Value)
        {
            case "/teapot":
                context.Response.StatusCode = 418;
                context.Response.Headers.Append("x-two", "1");
                context.Response.Headers.Append("x-two", "2");
                await context.Response.WriteAsync("short and stout");
                break;
            case "/broken":
                context.Response.ContentLength = 1000;
                await context.Response.WriteAsync("half");
                await context.Response.Body.FlushAsync();
                await _goOn.Task.WaitAsync(TimeSpan.FromSeconds(10));
                context.Abort();
                break;
            case "/slow-out":
                await context.Response.WriteAsync("first");
                await context.Response.Body.FlushAsync();
                await _goOn.Task.WaitAsync(context.RequestAborted);
                await context.Response.WriteAsync(" second");
                break;
            case "/slow-in":
                await context.Request.Body.ReadExactlyAsync(new byte[5]);
                _goOn.SetResult();
                await TestApp.EchoAsync(context);
                break;
            default:
                await TestApp.EchoAsync(context);
                break;
        }
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("PATCH")]
    [InlineData("OPTIONS")]
    [InlineData("TRACE")]
    public async Task Invoke_AnyVerb_ReachesTheAppWithQueryHeadersAndBody(string verb)
    {
        using var request = new HttpRequestMessage(new HttpMethod(verb), "/v1.0/invoke/beta/method/a/b?x=1&y=%20z&x=2");
        request.Headers.Add("x-custom", "kept");
        request.Headers.Add("grpc-thing", "renamed");
        if (verb is "POST" or "PUT" or "PATCH" or "DELETE")
        {
            request.Content = HttpAnswers.Json("12345");
        }

        var said = await _http.SendAsync(request, TestSidecar.Cancellation).TextAsync();
        Assert.StartsWith($"{verb} /a/b?x=1&y=%20z&x=2\nlength: {(request.Content is null ? 0 : 5)}\n", said, StringComparison.Ordinal);
        Assert.Contains("x-custom: kept\n", said, StringComparison.Ordinal);
        Assert.Contains("dapr-grpc-thing: renamed\n", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invoke_ACallerThatClaimsToBeAnother_IsNamedAsItself()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1.0/invoke/beta/method/who");
        request.Headers.Add("dapr-caller-app-id", "forged");
        request.Headers.Add("dapr-callee-app-id", "forged");
        var said = await _http.SendAsync(request, TestSidecar.Cancellation).TextAsync();
        Assert.Contains("dapr-caller-app-id: alpha\n", said, StringComparison.Ordinal);
        Assert.Contains("dapr-caller-namespace: core\n", said, StringComparison.Ordinal);
        Assert.Contains("dapr-callee-app-id: beta\n", said, StringComparison.Ordinal);
        Assert.Contains($"dapr-api-token: {TestApp.Token}\n", said, StringComparison.Ordinal);
        Assert.DoesNotContain("forged", said, StringComparison.Ordinal);
        Assert.DoesNotContain(TestSidecar.Token, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invoke_AppAnswers_StatusHeadersAndBodyComeBack()
    {
        using var answer = await _http.GetAsync("/v1.0/invoke/beta/method/teapot", TestSidecar.Cancellation);
        Assert.Equal(418, (int)answer.StatusCode);
        Assert.Equal(["1", "2"], answer.Headers.GetValues("x-two"));
        Assert.Equal("short and stout", await answer.Content.ReadAsStringAsync(TestSidecar.Cancellation));
    }

    [Fact]
    public async Task Invoke_AnswerThatComesSlowly_IsPassedOnAsItComes()
    {
        using var answer = await _http.GetAsync("/v1.0/invoke/beta/method/slow-out", HttpCompletionOption.ResponseHeadersRead, TestSidecar.Cancellation);
        await using var body = await answer.Content.ReadAsStreamAsync(TestSidecar.Cancellation);
        var first = new byte[5];
        await body.ReadExactlyAsync(first, TestSidecar.Cancellation);
        _goOn.SetResult();
        using var rest = new StreamReader(body);
        Assert.Equal(" second", await rest.ReadToEndAsync(TestSidecar.Cancellation));
    }

    [Fact]
    public async Task Invoke_BodyThatComesSlowly_ReachesTheAppAsItComes()
    {
        var pipe = new Pipe();
        var sent = _http.PostAsync("/v1.0/invoke/beta/method/slow-in", new PassedBody(pipe.Reader.AsStream(), long.MaxValue), TestSidecar.Cancellation);
        await pipe.Writer.WriteAsync(new byte[5], TestSidecar.Cancellation);
        await _goOn.Task.WaitAsync(TimeSpan.FromSeconds(10), TestSidecar.Cancellation);
        await pipe.Writer.WriteAsync(new byte[7], TestSidecar.Cancellation);
        await pipe.Writer.CompleteAsync();
        Assert.Contains("length: 7\n", await sent.TextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invoke_AppBreaksOffHalfway_TheCallerSeesThat()
    {
        using var answer = await _http.GetAsync("/v1.0/invoke/beta/method/broken", HttpCompletionOption.ResponseHeadersRead, TestSidecar.Cancellation);
        await using var body = await answer.Content.ReadAsStreamAsync(TestSidecar.Cancellation);
        await body.ReadExactlyAsync(new byte[4], TestSidecar.Cancellation);
        _goOn.SetResult();
        await Assert.ThrowsAnyAsync<IOException>(async () => await body.ReadExactlyAsync(new byte[1], TestSidecar.Cancellation));
    }

    [Theory]
    [InlineData("nobody", "no host found with the given ID")]
    [InlineData("alpha", "no host found with the given ID")]
    [InlineData("beta.elsewhere", "no host found with the given ID")]
    [InlineData("a.b.c", "invalid app id a.b.c")]
    public async Task Invoke_UnknownApp_Is500WithDaprsCode(string app, string reason) =>
        Assert.Equal((500, "ERR_DIRECT_INVOKE", $"failed to invoke, id: {app}, err: {reason}"), await _http.GetAsync($"/v1.0/invoke/{app}/method/x", TestSidecar.Cancellation).FaultAsync());

    [Fact]
    public async Task Invoke_WithTheNamespace_IsTheSameApp() =>
        Assert.StartsWith("GET /x\n", await _http.GetAsync("/v1.0/invoke/beta.core/method/x", TestSidecar.Cancellation).TextAsync(), StringComparison.Ordinal);

    [Fact]
    public async Task Invoke_AppIsAway_Is500WithDaprsCode()
    {
        await _beta.DisposeAsync();
        var (status, code, _) = await _http.GetAsync("/v1.0/invoke/beta/method/x", TestSidecar.Cancellation).FaultAsync();
        Assert.Equal((500, "ERR_DIRECT_INVOKE"), (status, code));
    }

    [Fact]
    public async Task Invoke_ByHeader_KeepsThePath()
    {
        Assert.StartsWith("GET /orders/1?q=2\n", await ByAsync("/orders/1?q=2", "dapr-app-id", "beta"), StringComparison.Ordinal);
        Assert.StartsWith("GET /v1.0/nothing\n", await ByAsync("/v1.0/nothing", "dapr-app-id", "beta"), StringComparison.Ordinal);
        Assert.StartsWith("GET /x\n", await ByAsync("/x", "Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("dapr-app-id:beta"))), StringComparison.Ordinal);
        Assert.Equal((404, "ERR_DIRECT_INVOKE", "failed getting app id either from the URL path or the header dapr-app-id"), await _http.GetAsync("/orders", TestSidecar.Cancellation).FaultAsync());
    }

    [Theory]
    [InlineData("/v1.0/invoke/beta/method/../../alpha/method/x", "/alpha/method/x")]
    [InlineData("/v1.0/invoke/beta/method/%2e%2e/%2e%2e/state/memory/k", "/state/memory/k")]
    [InlineData("/v1.0/invoke/beta/method/../../../metadata", "/metadata")]
    [InlineData("//v1.0//invoke/beta/method/x", "/x")]
    public async Task Invoke_PathWithDots_NeverReachesAnotherApi(string sent, string seen)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_http.BaseAddress!.GetLeftPart(UriPartial.Authority) + sent, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        Assert.StartsWith($"GET {seen}\n", await _http.SendAsync(request, TestSidecar.Cancellation).TextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invoke_BodyOverTheLimit_Is500WithDaprsWords()
    {
        const int limit = 4 * 1024 * 1024;
        Assert.Contains($"length: {limit}\n", await _http.PostAsync("/v1.0/invoke/beta/method/x", new ByteArrayContent(new byte[limit]), TestSidecar.Cancellation).TextAsync(), StringComparison.Ordinal);
        var expected = (500, "ERR_DIRECT_INVOKE", "failed to invoke, id: beta, err: stream too large");
        Assert.Equal(expected, await _http.PostAsync("/v1.0/invoke/beta/method/x", new ByteArrayContent(new byte[limit + 1]), TestSidecar.Cancellation).FaultAsync());
        using var chunked = new HttpRequestMessage(HttpMethod.Post, "/v1.0/invoke/beta/method/x") { Content = new StreamContent(new MemoryStream(new byte[limit + 1])) };
        chunked.Headers.TransferEncodingChunked = true;
        Assert.Equal(expected, await _http.SendAsync(chunked, TestSidecar.Cancellation).FaultAsync());
    }

    [Fact]
    public async Task Invoke_LimitIsRaised_TakesMore()
    {
        await using var sidecar = await TestSidecar.StartAsync("", new Dictionary<string, Uri?> { ["alpha"] = null, ["beta"] = _beta.Url }, change: o => o with { MaxBodySize = 16 * 1024 * 1024 });
        using var http = sidecar.Http();
        Assert.Contains("length: 12582912\n", await http.PostAsync("/v1.0/invoke/beta/method/x", new ByteArrayContent(new byte[12 * 1024 * 1024]), TestSidecar.Cancellation).TextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invoke_HeadAndNoContent_HaveNoBody()
    {
        using var head = new HttpRequestMessage(HttpMethod.Head, "/v1.0/invoke/beta/method/x");
        using var answer = await _http.SendAsync(head, TestSidecar.Cancellation);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("text/x-echo", answer.Content.Headers.ContentType?.ToString());
    }

    private async Task<string> ByAsync(string path, string header, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation(header, value);
        return await _http.SendAsync(request, TestSidecar.Cancellation).TextAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _sidecar.DisposeAsync();
        await _beta.DisposeAsync();
    }
}
