using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeMesh.Cli.Tests.Sites.Direct;

public sealed class DirectResponseTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Answer_OfEveryKind_IsTheSameAsByASocket()
    {
        var answers = new Dictionary<string, RequestDelegate>
        {
            ["/text"] = context => context.Response.WriteAsync("text", Cancellation),
            ["/none"] = _ => Task.CompletedTask,
            ["/nocontent"] = context => Set(context, 204),
            ["/notmodified"] = context => Set(context, 304),
            ["/moved"] = context => Set(context, 302, ("Location", "/text")),
            ["/many"] = context => Set(context, 200, ("X-Many", "one"), ("X-Many", "two"), ("Content-Type", "text/weird")),
            ["/own"] = context => Set(context, 499),
            ["/json"] = context => context.Response.WriteAsJsonAsync(new { a = 1 }, Cancellation),
            ["/throws"] = _ => throw new InvalidOperationException("by intent"),
            ["/startingthrows"] = context =>
            {
                context.Response.OnStarting(() => throw new InvalidOperationException("by intent"));
                return context.Response.WriteAsync("never", Cancellation);
            },
            ["/startingthrowsempty"] = context =>
            {
                context.Response.OnStarting(() => throw new InvalidOperationException("by intent"));
                return Task.CompletedTask;
            },
            ["/starting"] = context =>
            {
                context.Response.OnStarting(() => Set(context, 201, ("X-Late", "here")));
                return context.Response.WriteAsync("late", Cancellation);
            },
        };
        await using var host = await DirectHost.StartAsync(context => answers[context.Request.Path](context));

        foreach (var path in answers.Keys)
        {
            using var direct = await host.SendAsync(path);
            using var socket = await host.Sockets.SendAsync(host.Ask(path), Cancellation);
            Assert.Equal((path, await TellAsync(socket)), (path, await TellAsync(direct)));
        }
    }

    [Fact]
    public async Task Answer_ThatIsStreamed_HasItsHeadAndFirstPartBeforeTheEnd()
    {
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await DirectHost.StartAsync(async context =>
        {
            await context.Response.WriteAsync("first", Cancellation);
            await go.Task;
            await context.Response.WriteAsync("second", Cancellation);
        });

        using var answer = await host.SendAsync("/").WaitAsync(Limit, Cancellation);
        await using var body = await answer.Content.ReadAsStreamAsync(Cancellation);
        var buffer = new byte[64];

        Assert.Equal(5, await body.ReadAsync(buffer, Cancellation));
        go.SetResult();
        Assert.Equal(6, await body.ReadAsync(buffer, Cancellation));
        Assert.Equal(0, await body.ReadAsync(buffer, Cancellation));
    }

    [Fact]
    public async Task Answer_ThatNobodyReads_HoldsTheApplicationUp()
    {
        var written = 0;
        await using var host = await DirectHost.StartAsync(async context =>
        {
            for (; written < 64; written++)
            {
                await context.Response.Body.WriteAsync(new byte[16 * 1024], Cancellation);
            }
        });

        using var answer = await host.SendAsync("/").WaitAsync(Limit, Cancellation);

        Assert.InRange(written, 1, 8);
        Assert.Equal(1024 * 1024, (await answer.Content.ReadAsByteArrayAsync(Cancellation)).Length);
    }

    [Fact]
    public async Task Caller_WhoGivesUpBeforeTheHead_IsToldAndTellsTheApplication()
    {
        var (entered, told) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var host = await DirectHost.StartAsync(async context =>
        {
            context.RequestAborted.Register(told.SetResult);
            entered.SetResult();
            await told.Task;
        });
        using var giving = new CancellationTokenSource();
        var calling = host.Direct.SendAsync(host.Ask("/"), giving.Token);
        await entered.Task.WaitAsync(Limit, Cancellation);

        await giving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calling);
        await told.Task.WaitAsync(Limit, Cancellation);
    }

    [Fact]
    public async Task Caller_WhoLeavesAnAnswerThatEndsSoon_DisturbsNobody()
    {
        var (left, ended) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var host = await DirectHost.StartAsync(async context =>
        {
            await context.Response.WriteAsync("first", CancellationToken.None);
            await left.Task;
            await context.Response.WriteAsync("for nobody", CancellationToken.None);
            ended.SetResult(context.RequestAborted.IsCancellationRequested);
        });

        (await host.SendAsync("/").WaitAsync(Limit, Cancellation)).Dispose();
        left.SetResult();

        Assert.False(await ended.Task.WaitAsync(Limit, Cancellation));
    }

    [Fact]
    public async Task Caller_WhoLeavesAnAnswerThatDoesNotEnd_TellsTheApplicationAfterAWhile()
    {
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await DirectHost.StartAsync(async context =>
        {
            context.RequestAborted.Register(told.SetResult);
            await context.Response.WriteAsync("first", CancellationToken.None);
            await told.Task;
            await context.Response.WriteAsync("for nobody", CancellationToken.None);
        });

        (await host.SendAsync("/").WaitAsync(Limit, Cancellation)).Dispose();
        host.Clock.Advance(TimeSpan.FromSeconds(2));

        await told.Task.WaitAsync(Limit, Cancellation);
    }

    [Fact]
    public async Task Caller_WhoLeavesAnAnswerWithoutEnd_TellsTheApplicationAfterOneMegabyte()
    {
        var written = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await DirectHost.StartAsync(async context =>
        {
            var count = 0;
            for (; !context.RequestAborted.IsCancellationRequested; count++)
            {
                await context.Response.Body.WriteAsync(new byte[16 * 1024], CancellationToken.None);
            }

            written.SetResult(count);
        });

        (await host.SendAsync("/").WaitAsync(Limit, Cancellation)).Dispose();

        Assert.InRange(await written.Task.WaitAsync(Limit, Cancellation), 64, int.MaxValue);
    }

    [Fact]
    public async Task Application_ThatThrowsHalfway_LeavesNoShortBodyThatLooksWhole()
    {
        await using var host = await DirectHost.StartAsync(async context =>
        {
            await context.Response.WriteAsync("first", Cancellation);
            throw new InvalidOperationException("by intent");
        });

        using var answer = await host.SendAsync("/").WaitAsync(Limit, Cancellation);

        await Assert.ThrowsAnyAsync<Exception>(() => answer.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task Application_ThatAborts_IsAFaultOfTheRequest()
    {
        await using var host = await DirectHost.StartAsync(context =>
        {
            context.Abort();
            return context.Response.WriteAsync("goes nowhere", CancellationToken.None);
        });

        await Assert.ThrowsAsync<HttpRequestException>(() => host.SendAsync("/").WaitAsync(Limit, Cancellation));
    }

    [Fact]
    public async Task Caller_OfAHead_BreaksNothingOff()
    {
        var aborted = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await DirectHost.StartAsync(async context =>
        {
            await context.Response.WriteAsync("a body that a head has not", CancellationToken.None);
            await context.Response.WriteAsync("and more of it", CancellationToken.None);
            aborted.SetResult(context.RequestAborted.IsCancellationRequested);
        });

        (await host.SendAsync("/", HttpMethod.Head).WaitAsync(Limit, Cancellation)).Dispose();

        Assert.False(await aborted.Task.WaitAsync(Limit, Cancellation));
    }

    [Fact]
    public async Task Application_WhoseLastCallbackThrows_HasAnsweredAllTheSame()
    {
        await using var host = await DirectHost.StartAsync(context =>
        {
            context.RequestAborted.Register(() => throw new InvalidOperationException("by intent"));
            context.Response.OnCompleted(() => throw new InvalidOperationException("by intent"));
            return context.Response.WriteAsync("text", Cancellation);
        });

        using var answer = await host.SendAsync("/").WaitAsync(Limit, Cancellation);

        Assert.Equal("text", await answer.Content.ReadAsStringAsync(Cancellation));
    }

    private static Task Set(HttpContext context, int status, params (string Name, string Value)[] headers)
    {
        context.Response.StatusCode = status;
        foreach (var (name, value) in headers)
        {
            context.Response.Headers.Append(name, value);
        }

        return Task.CompletedTask;
    }

    /// <summary>Date, name and framing are the server's own; whoever passes an answer on writes them anew.</summary>
    private static async Task<string> TellAsync(HttpResponseMessage answer) =>
        $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(Cancellation)} " + string.Join(';', answer.Headers.NonValidated.Concat(answer.Content.Headers.NonValidated)
            .Where(h => h.Key is not ("Date" or "Server" or "Transfer-Encoding") && !(h.Key == "Content-Length" && h.Value.ToString() == "0"))
            .Select(h => $"{h.Key}={string.Join('|', h.Value)}").Order());
}
