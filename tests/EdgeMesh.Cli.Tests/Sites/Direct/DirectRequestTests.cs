using System.Diagnostics;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Cli.Tests.Sites.Direct;

public sealed class DirectRequestTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Send_PlainRequest_IsWhatTheApplicationWouldReadFromASocket()
    {
        await using var host = await DirectHost.StartAsync(TellAsync);

        foreach (var (path, method, body) in new[] { ("/", "GET", null), ("/a/b?x=%20y&z", "POST", "text"), ("/empty", "PUT", ""), ("/gone", "DELETE", null) })
        {
            var told = new List<string>();
            foreach (var way in new[] { host.Direct, host.Sockets })
            {
                using var request = host.Ask(path, new HttpMethod(method), body is null ? null : new StringContent(body, Encoding.UTF8, "text/plain"));
                request.Headers.TryAddWithoutValidation("X-Many", ["one", "two"]);
                using var answer = await way.SendAsync(request, Cancellation);
                told.Add(await answer.Content.ReadAsStringAsync(Cancellation));
            }

            Assert.StartsWith("direct", told[0], StringComparison.Ordinal);
            Assert.StartsWith("socket", told[1], StringComparison.Ordinal);
            Assert.Equal(told[1]["socket".Length..], told[0]["direct".Length..]);
        }

        static async Task TellAsync(HttpContext context)
        {
            var request = context.Request;
            using var reader = new StreamReader(request.Body);
            var headers = request.Headers.Where(h => h.Key != "traceparent").OrderBy(h => h.Key, StringComparer.OrdinalIgnoreCase).Select(h => $"{h.Key}={string.Join('|', h.Value.ToArray())}");
            await context.Response.WriteAsync(
                $"{(DirectHost.IsDirect(context) ? "direct" : "socket")} {request.Method} {request.Scheme} {request.Host} {request.Path} {request.QueryString} {request.Protocol} {await reader.ReadToEndAsync(Cancellation)} {string.Join(';', headers)}",
                Cancellation);
        }
    }

    [Fact]
    public async Task Send_WhatIsNotPlain_TakesTheSocket()
    {
        await using var host = await DirectHost.StartAsync(context => context.Response.WriteAsync(DirectHost.IsDirect(context) ? "direct" : "socket", Cancellation));
        using var large = new ByteArrayContent(new byte[64 * 1024 + 1]);
        using var small = new ByteArrayContent(new byte[64 * 1024]);
        using var endless = new StreamContent(new MemoryStream([1]));
        using var upgrade = host.Ask("/");
        upgrade.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        using var chunked = host.Ask("/", HttpMethod.Post, endless);
        chunked.Headers.TransferEncodingChunked = true;

        Assert.Equal("socket", await TextAsync(await host.SendAsync("/a%2Fb")));
        Assert.Equal("socket", await TextAsync(await host.SendAsync("/", HttpMethod.Post, large)));
        Assert.Equal("socket", await TextAsync(await host.Direct.SendAsync(upgrade, Cancellation)));
        Assert.Equal("socket", await TextAsync(await host.Direct.SendAsync(chunked, Cancellation)));
        Assert.Equal("direct", await TextAsync(await host.SendAsync("/", HttpMethod.Post, small)));
    }

    [Theory]
    [InlineData("/", 11, 0, 413)]
    [InlineData("/", 10, 0, 200)]
    [InlineData("/long-path-and-longer-still", 0, 0, 414)]
    [InlineData("/", 0, 8, 431)]
    [InlineData("/", 0, 1_000, 431)]
    public async Task Send_MoreThanTheHostTakes_IsRefusedAsByASocket(string path, int body, int headers, int status)
    {
        await using var host = await DirectHost.StartAsync(
            context => context.Request.Body.CopyToAsync(Stream.Null, Cancellation),
            limits => (limits.MaxRequestBodySize, limits.MaxRequestLineSize, limits.MaxRequestHeaderCount, limits.MaxRequestHeadersTotalSize) = (10, 32, 8, 512));
        using var request = host.Ask(path, HttpMethod.Post, new ByteArrayContent(new byte[body]));
        for (var i = 0; i < Math.Min(headers, 8); i++)
        {
            request.Headers.TryAddWithoutValidation($"X-{i}", new string('x', headers / 8));
        }

        using var answer = await host.Direct.SendAsync(request, Cancellation);
        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Send_AfterTheHostHasStopped_IsRefusedAsByASocket()
    {
        var host = await DirectHost.StartAsync(context => context.Response.WriteAsync("here", Cancellation));
        await host.StopAsync();

        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => host.SendAsync("/"));

        Assert.Equal(HttpRequestError.ConnectionError, refused.HttpRequestError);
        await host.DisposeAsync();
    }

    [Fact]
    public async Task Stop_WithACallInside_WaitsForIt()
    {
        var (entered, go) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var host = await DirectHost.StartAsync(async context =>
        {
            entered.SetResult();
            await go.Task;
            await context.Response.WriteAsync("done", CancellationToken.None);
        });
        var calling = host.SendAsync("/");
        await entered.Task;

        var stopping = host.StopAsync();

        Assert.False(stopping.IsCompleted);
        go.SetResult();
        Assert.Equal("done", await TextAsync(await calling));
        await stopping;
    }

    [Fact]
    public async Task Send_WithASpan_TellsItToTheApplicationInPlaceOfWhatWasThere()
    {
        await using var host = await DirectHost.StartAsync(context => context.Response.WriteAsync(context.Request.Headers.TraceParent.ToString(), Cancellation));
        using var span = new Activity("caller").SetIdFormat(ActivityIdFormat.W3C).Start();
        using var request = host.Ask("/");
        request.Headers.TryAddWithoutValidation("traceparent", "00-00000000000000000000000000000001-0000000000000001-01");

        Assert.Equal(span.Id, await TextAsync(await host.Direct.SendAsync(request, Cancellation)));
    }

    [Fact]
    public async Task Send_FromWithinARequest_LeavesTheCallersContextAlone()
    {
        await using var host = await DirectHost.StartAsync(context => context.Response.WriteAsync("x", Cancellation));
        var own = host.Accessor.HttpContext = new DefaultHttpContext();

        await TextAsync(await host.SendAsync("/"));

        Assert.Same(own, host.Accessor.HttpContext);
    }

    private static async Task<string> TextAsync(HttpResponseMessage answer)
    {
        using (answer)
        {
            return await answer.Content.ReadAsStringAsync(Cancellation);
        }
    }
}
