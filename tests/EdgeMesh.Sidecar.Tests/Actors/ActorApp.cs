using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Sidecar.Tests.Actors;

/// <summary>An app that hosts actors: records what reaches it, and answers as a test tells it.</summary>
internal sealed class ActorApp : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Channel<string>> _calls = new();
    private readonly ConcurrentDictionary<string, Func<HttpContext, Task>> _answers = new();
    private TestApp _app = null!;

    public Uri Url => _app.Url;

    /// <param name="config">What it answers to <c>GET /dapr/config</c>.</param>
    public static async Task<ActorApp> StartAsync(string config)
    {
        var app = new ActorApp();
        app._app = await TestApp.StartAsync(app.TakeAsync, config: context => context.Response.WriteAsync(config));
        return app;
    }

    /// <param name="call">Verb and path: <c>PUT type/id/method/m</c>.</param>
    /// <param name="answer">How it is answered; by default with 200 and no body.</param>
    public void Answer(string call, Func<HttpContext, Task> answer) => _answers[call] = answer;

    /// <summary>The body of the next such call.</summary>
    public async Task<string> NextAsync(string call)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestSidecar.Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        return await Of(call).Reader.ReadAsync(limit.Token);
    }

    public bool Has(string call) => Of(call).Reader.TryPeek(out _);

    private Channel<string> Of(string call) => _calls.GetOrAdd(call, _ => Channel.CreateUnbounded<string>());

    private async Task TakeAsync(HttpContext context)
    {
        var call = $"{context.Request.Method} {context.Request.Path.Value!.Replace("/actors/", "", StringComparison.Ordinal)}";
        using var body = new StreamReader(context.Request.Body);
        Of(call).Writer.TryWrite(await body.ReadToEndAsync());
        if (_answers.TryGetValue(call, out var answer))
        {
            await answer(context);
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
