using System.Collections.Concurrent;
using System.Net.WebSockets;
using EdgeMesh.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeMesh.Services.Gateway.Tests.Fixtures;

/// <summary>Stands where the console stands: a listener on loopback that keeps what it sees, and a WebSocket that says back what it hears.</summary>
internal sealed class ConsoleStandIn : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Seen> _seen = new();

    private ConsoleStandIn(WebApplication app) => _app = app;

    public IReadOnlyCollection<Seen> Requests => _seen;

    public string Url => _app.Urls.First();

    public static async Task<ConsoleStandIn> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var standIn = new ConsoleStandIn(builder.Build());
        standIn._app.UseWebSockets();
        standIn._app.Run(standIn.AnswerAsync);
        await standIn._app.StartAsync(TestContext.Current.CancellationToken);
        return standIn;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        _seen.Enqueue(new Seen(context.Request.Method, target, context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase), 0, null));
        if (!context.WebSockets.IsWebSocketRequest)
        {
            await context.Response.WriteAsync("a page", context.RequestAborted);
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[256];
        try
        {
            while (await socket.ReceiveAsync(buffer, context.RequestAborted) is { MessageType: not WebSocketMessageType.Close } heard)
            {
                await socket.SendAsync(buffer.AsMemory(0, heard.Count), heard.MessageType, heard.EndOfMessage, context.RequestAborted);
            }
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException)
        {
            // The other end went.
        }
    }
}
