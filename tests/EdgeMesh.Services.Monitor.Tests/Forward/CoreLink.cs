using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Forward;
using EdgeMesh.Services.Monitor.Tests.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Services.Monitor.Tests.Forward;

/// <summary>What a link does to a request.</summary>
internal enum LinkState
{
    Open,
    Cut,

    /// <summary>The request arrives, and its answer does not.</summary>
    LosesAnswers,

    /// <summary>The core refuses for good.</summary>
    Refuses,

    /// <summary>Something on the way does not understand, and says no more.</summary>
    Garbles,

    /// <summary>The upload stops half-way, until the core has waited for long enough.</summary>
    CutsOff,

    /// <summary>What is larger than a fraction of a parcel does not pass.</summary>
    Narrow,
}

/// <summary>The store of a site on a clock that the test moves, its forwarder, and a real monitor at the core. In between, in place of the
/// gateways, a link that the test cuts.</summary>
internal sealed class CoreLink : IAsyncDisposable
{
    public const string CoreName = "core";
    public const int MostBytesOfNarrow = 2000;

    private readonly WebApplication _link;
    private readonly AppClients _apps;
    private int _state;

    private CoreLink(TemporaryStore edge, TelemetrySite core, WebApplication link)
    {
        (Edge, Core, _link) = (edge, core, link);
        _apps = Clients(Url);
        Forwarder = NewForwarder();
    }

    public TemporaryStore Edge { get; }

    public TelemetrySite Core { get; }

    public Forwarder Forwarder { get; private set; }

    /// <summary>Where the forwarder finds the link, in place of its sidecar.</summary>
    public string Url => _link.Urls.First();

    public LinkState State { get => (LinkState)Volatile.Read(ref _state); set => Volatile.Write(ref _state, (int)value); }

    public int Requests { get; private set; }

    public long Bytes { get; private set; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<CoreLink> StartAsync(MonitorOptions? options = null)
    {
        var directory = new MeshDirectory(TelemetrySite.Site, [new(TelemetrySite.Site, "org", null, default, "", "", true), new(TemporaryStore.Site, "org-a", new("https://mesh.invalid"), default, "", "", false)]);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection([new("urls", "http://127.0.0.1:0")]);
        builder.Logging.ClearProviders();
        var app = builder.Build();
        CoreLink? link = null;
        app.Map("/v1.0/invoke/gateway/method/mesh/core/{**path}", (RequestDelegate)(context => link!.PassAsync(context)));
        await app.StartAsync(Cancellation);
        return link = new(new TemporaryStore((options ?? new MonitorOptions()) with { Core = CoreName }), await TelemetrySite.StartAsync(directory, monitor =>
        {
            monitor.Services.AddSingleton<IStartupFilter>(new UploadCutter(() => link?.State == LinkState.CutsOff));
            return MonitorApp.Create(monitor);
        }), app);
    }

    /// <summary>Clients of a process whose sidecar is the link.</summary>
    public static AppClients Clients(string url) => new(new ConfigurationBuilder().AddInMemoryCollection([new("DAPR_HTTP_ENDPOINT", url), new("DAPR_GRPC_ENDPOINT", url)]).Build());

    /// <summary>Attempts until there is nothing left to send, or one fails.</summary>
    public async Task DrainAsync()
    {
        for (var before = -1; before != Requests && Forwarder.Fault is null;)
        {
            before = Requests;
            await Forwarder.TurnAsync(Cancellation);
        }
    }

    public Task TurnAsync() => Forwarder.TurnAsync(Cancellation);

    /// <summary>The process of the site ends without a word and begins anew.</summary>
    public async Task RestartAsync()
    {
        await Edge.ReopenAsync();
        Forwarder = NewForwarder();
    }

    public async ValueTask DisposeAsync()
    {
        Forwarder.Dispose();
        _apps.Dispose();
        await _link.DisposeAsync();
        await Core.DisposeAsync();
        await Edge.DisposeAsync();
    }

    private Forwarder NewForwarder() => new(Edge.Store, Edge.Options, _apps, Edge.Clock, NullLogger<Forwarder>.Instance);

    private async Task PassAsync(HttpContext context)
    {
        Requests++;
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, Cancellation);
        switch (State)
        {
            case LinkState.Cut:
                await Problems.Problem(StatusCodes.Status503ServiceUnavailable, "site-unreachable", "The site can't be reached.", "").ExecuteAsync(context);
                return;
            case LinkState.Narrow when body.Length > MostBytesOfNarrow:
                context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
                return;
            case LinkState.Garbles:
                context.Response.StatusCode = StatusCodes.Status400BadRequest;
                return;
        }

        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        Bytes += body.Length;
        var caller = new Caller { Kind = CallerKind.Site, Subject = TemporaryStore.Site, Site = TemporaryStore.Site };
        using var answer = await Core.SendAsync(HttpMethod.Post, (string)context.Request.RouteValues["path"]!, caller, State == LinkState.Refuses ? [1] : body.ToArray());
        if (State is LinkState.Open or LinkState.Refuses or LinkState.Narrow or LinkState.CutsOff)
        {
            context.Response.StatusCode = (int)answer.StatusCode;
            await context.Response.WriteAsync(await answer.Content.ReadAsStringAsync(Cancellation), Cancellation);
        }
    }

    /// <summary>What Kestrel says of an upload that stopped, without the seconds that it waits.</summary>
    private sealed class UploadCutter(Func<bool> cuts) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, rest) =>
            {
                context.Request.Body = cuts() && context.Request.Path == ParcelEndpoint.Path ? new CutBody() : context.Request.Body;
                return rest(context);
            });
            next(app);
        };
    }

    private sealed class CutBody : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new BadHttpRequestException("Reading the request body timed out due to data arriving too slowly.", StatusCodes.Status408RequestTimeout);
    }
}
