using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.ConformanceTests.Apps;

/// <summary>An app behind a sidecar that records what reaches it and answers as a test tells it.</summary>
internal sealed class TestApp : IAsyncDisposable
{
    public const string AppToken = "conformance-app-token";

    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, Channel<Delivery>> _deliveries = new();
    private readonly ConcurrentDictionary<string, Func<Delivery, Task<IResult>>> _answers = new();
    private readonly ConcurrentDictionary<string, int> _taken = new();

    private bool _isHealthy = true;
    private int _asked;

    private TestApp(string appId, WebApplication app) => (AppId, _app) = (appId, app);

    public string AppId { get; }

    public Uri Url { get; private set; } = null!;

    public int Port => Url.Port;

    /// <summary>What it says when it is asked.</summary>
    public bool IsHealthy
    {
        get => Volatile.Read(ref _isHealthy);
        set => Volatile.Write(ref _isHealthy, value);
    }

    /// <summary>How often it was asked how it is.</summary>
    public int Asked => Volatile.Read(ref _asked);

    public static async Task<TestApp> StartAsync(string appId, IReadOnlyList<object> subscriptions, CancellationToken cancellation)
    {
        // There are hundreds at a time, and a system gives a user a hundred file watchers or so.
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(k => k.Limits.MaxRequestBodySize = null);
        var web = builder.Build();
        var app = new TestApp(appId, web);
        web.MapGet("/dapr/subscribe", () => Results.Text(JsonSerializer.Serialize(subscriptions), "application/json"));
        web.MapGet("/dapr/config", () => Results.Text(ActorTypes.ConfigOf(appId), "application/json"));
        web.MapMethods("/echo/{**path}", ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"], EchoAsync);
        web.MapGet("/v1.0/invoke/{**path}", EchoAsync);
        web.MapPost("/deliver/{name}", app.TakeAsync);
        web.MapGet("/health", () =>
        {
            Interlocked.Increment(ref app._asked);
            return app.IsHealthy ? Results.Ok() : Results.StatusCode(500);
        });
        web.MapGet("/slow", context => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default));
        web.MapPost("/job/{name}", (string name, HttpRequest request) => app.TakeAsync("job-" + name, request));
        web.MapPost("/configuration/{store}/{key}", (string key, HttpRequest request) => app.TakeAsync("configuration-" + key, request));
        web.MapPost("/bindings/{name}", (string name, HttpRequest request) => app.TakeAsync("binding-" + name, request));
        web.MapMethods("/bindings/{name}", ["OPTIONS"], (string name) => name == "unwanted" ? Results.NotFound() : Results.Ok());
        web.MapMethods("/actors/{**name}", ["PUT", "DELETE"], app.TakeAsync);
        web.MapMethods("/status/{code:int}", ["GET", "POST"], (int code) => Results.Text("{\"status\":" + code + "}", "application/json", statusCode: code));
        await web.StartAsync(cancellation);
        app.Url = new Uri(web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return app;
    }

    /// <summary>How deliveries to a route are answered; by default with 200 and no body.</summary>
    public void Answer(string name, Func<Delivery, IResult> answer) => _answers[name] = delivery => Task.FromResult(answer(delivery));

    /// <summary>How they are answered, in time.</summary>
    public void Answer(string name, Func<Delivery, Task<IResult>> answer) => _answers[name] = answer;

    /// <summary>The next delivery to a route.</summary>
    public async Task<Delivery> NextAsync(string name, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        return await Of(name).Reader.ReadAsync(limit.Token);
    }

    /// <summary>The next delivery to a route, if one is there.</summary>
    public Delivery? TryNext(string name) => Of(name).Reader.TryRead(out var delivery) ? delivery : null;

    /// <summary>How many deliveries to a route began.</summary>
    public int Taken(string name) => _taken.GetValueOrDefault(name);

    public bool HasDelivery(string name) => Of(name).Reader.TryPeek(out _);

    private Channel<Delivery> Of(string name) => _deliveries.GetOrAdd(name, _ => Channel.CreateUnbounded<Delivery>());

    private async Task<IResult> TakeAsync(string name, HttpRequest request)
    {
        name = request.Method == HttpMethods.Delete ? "gone/" + name : name;
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        var delivery = new Delivery(body.ToArray(), request.ContentType, request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase));
        _taken.AddOrUpdate(name, 1, (_, count) => count + 1);
        var result = _answers.TryGetValue(name, out var answer) ? answer(delivery) : Task.FromResult(Results.Ok());
        Of(name).Writer.TryWrite(delivery);
        return await result;
    }

    /// <summary>Answers with what it saw of the request.</summary>
    private static async Task EchoAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        context.Response.Headers["x-echo-method"] = context.Request.Method;
        context.Response.Headers["x-echo-path"] = context.Request.Path.Value;
        context.Response.Headers["x-echo-query"] = context.Request.QueryString.Value;
        context.Response.Headers["x-echo-type"] = context.Request.ContentType;
        context.Response.Headers["x-echo-custom"] = context.Request.Headers["x-custom"].ToString();
        context.Response.Headers["x-echo-caller"] = context.Request.Headers["dapr-caller-app-id"].ToString();
        context.Response.Headers["x-echo-trace"] = context.Request.Headers.TraceParent.ToString();
        context.Response.Headers["x-echo-token"] = context.Request.Headers["dapr-api-token"].ToString();
        context.Response.Headers.ETag = "W/\"7\"";
        context.Response.ContentType = context.Request.ContentType ?? "text/plain";
        await context.Response.Body.WriteAsync(body.ToArray());
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}

/// <summary>One request that a sidecar made to the app.</summary>
internal sealed record Delivery(byte[] Body, string? ContentType, IReadOnlyDictionary<string, string> Headers)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;
}
