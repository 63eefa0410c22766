using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Replication.Tests;

/// <summary>Serves feeds as a service does. A header stands for the gateway's statement who asks.</summary>
internal sealed class FeedHost : IAsyncDisposable
{
    public const string PeerHeader = "test-peer";

    private readonly WebApplication _app;

    private FeedHost(WebApplication app, SemaphoreSlim asked) => (_app, Asked) = (app, asked);

    /// <summary>Released by each request that has come.</summary>
    public SemaphoreSlim Asked { get; }

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    public static async Task<FeedHost> StartAsync(params Journal[] journals)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var asked = new SemaphoreSlim(0);
        app.MapFeeds(() => journals, context =>
        {
            asked.Release();
            return context.Request.Headers[PeerHeader] is [{ Length: > 0 } peer] ? new FeedPeer(peer, peer == "core") : null;
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new FeedHost(app, asked);
    }

    public FeedLink LinkFrom(string peer) => new(Address, peer);

    public Task StopAsync() => _app.StopAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

/// <summary>The way from a peer to a <see cref="FeedHost"/>: what the two gateways do, with faults.</summary>
internal sealed class FeedLink : DelegatingHandler
{
    private readonly Uri _address;
    private readonly string _peer;

    public FeedLink(Uri address, string peer)
        : base(new SocketsHttpHandler { UseProxy = false }) => (_address, _peer) = (address, peer);

    /// <summary>Nothing passes.</summary>
    public bool IsCut { get; set; }

    /// <summary>How many answers get lost on the way back; counts down.</summary>
    public int LostAnswers { get; set; }

    public int Requests { get; private set; }

    public HttpClient Client() => new(this, disposeHandler: false) { BaseAddress = new Uri("http://gateway/") };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Requests++;
        if (IsCut)
        {
            throw new HttpRequestException("the link is cut");
        }

        // mesh/{site}/mesh/feed/... leaves the local gateway as /mesh/feed/...
        var path = request.RequestUri!.AbsolutePath.Split('/', 4)[3];
        request.RequestUri = new Uri(_address, path + request.RequestUri.Query);
        request.Headers.Add(FeedHost.PeerHeader, _peer);
        var answer = await base.SendAsync(request, cancellationToken);
        if (LostAnswers > 0)
        {
            LostAnswers--;
            answer.Dispose();
            throw new HttpRequestException(HttpRequestError.ResponseEnded, "the answer was lost", null, HttpStatusCode.OK);
        }

        return answer;
    }
}
