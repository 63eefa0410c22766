using System.Net;
using System.Text.Json;
using EdgeMesh.Replication.Feeds;
using static EdgeMesh.Replication.Tests.TestJournal;

namespace EdgeMesh.Replication.Tests;

public sealed class FeedEndpointTests : IAsyncLifetime
{
    private FeedSite _site = null!;
    private Journal _access = null!;
    private FeedHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _site = await FeedSite.OpenAsync("clinic-a");
        _site.Holders = [FeedSite.HolderAt("clinic-b")];
        _access = await OpenAsync(_site.Store, name: ClinicA with { Kind = JournalName.Access });
        _host = await FeedHost.StartAsync(_site.Journal, _access);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _access.DisposeAsync();
        await _site.DisposeAsync();
    }

    [Theory]
    [InlineData("clinic-a.records.changes?after=nonsense", "clinic-b", 400, "feed-position-invalid")]
    [InlineData("clinic-a.records.changes?after=1.2", "clinic-b", 400, "feed-position-invalid")]
    [InlineData("clinic-a.records.changes?after=1.99.0", "clinic-b", 400, "feed-position-ahead")]
    [InlineData("clinic-a.records.changes?after=7.1.0", "clinic-b", 400, "feed-position-ahead")]
    [InlineData("clinic-a.records.changes?wait=31", "clinic-b", 400, "feed-wait-invalid")]
    [InlineData("clinic-a.records.changes?wait=-1", "clinic-b", 400, "feed-wait-invalid")]
    [InlineData("clinic-a.records.changes?mode=all", "clinic-b", 400, "feed-mode-invalid")]
    [InlineData("clinic-a.records.changes", "", 403, "feed-forbidden")]
    [InlineData("clinic-a.records.changes?mode=mirror", "clinic-b", 403, "feed-forbidden")]
    [InlineData("clinic-a.records.access", "clinic-b", 403, "feed-forbidden")]
    [InlineData("clinic-x.records.changes", "clinic-b", 404, "feed-unknown")]
    public async Task Get_WhatMayNotBe_IsRefusedByCode(string target, string peer, int status, string code)
    {
        using var answer = await GetAsync(target, peer);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel));
        Assert.Equal(code, problem.RootElement.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Get_ReaderTooOld_IsToldToUpgrade()
    {
        using var answer = await GetAsync("clinic-a.records.changes", "clinic-b", version: "0");
        Assert.Equal(HttpStatusCode.UpgradeRequired, answer.StatusCode);
    }

    [Fact]
    public async Task Get_Shared_AnswersAPageWithItsVersion()
    {
        await _site.Journal.WriteAsync(Create("clinic-a-1"));
        using var answer = await GetAsync("clinic-a.records.changes", "clinic-b", version: "9");

        Assert.Equal("1", Assert.Single(answer.Headers.GetValues(FeedProtocol.VersionHeader)));
        var page = Wire.FeedPage.Parser.ParseFrom(await answer.Content.ReadAsByteArrayAsync(Cancel));
        Assert.Equal(("1.1.0", true, 1), (page.UpTo, page.AtHead, page.Records.Count));
    }

    [Fact]
    public async Task Get_Waiting_AnswersWhenSomethingComesForThePeer()
    {
        var waiting = GetAsync("clinic-a.records.changes?wait=30", "clinic-b");
        _site.Holders = [];
        await _site.Journal.WriteAsync(Create("clinic-a-1"));
        _site.Holders = [FeedSite.HolderAt("clinic-b")];
        await _site.Journal.WriteAsync(Create("clinic-a-2"));

        using var answer = await waiting.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        var page = Wire.FeedPage.Parser.ParseFrom(await answer.Content.ReadAsByteArrayAsync(Cancel));
        Assert.Equal("clinic-a-2", Assert.Single(page.Records).Record.Document.Key.Id);
    }

    [Fact]
    public async Task Get_WaitingWhileTheServiceStops_AnswersAtOnce()
    {
        var waiting = GetAsync("clinic-a.records.changes?wait=30", "clinic-b");
        await _host.Asked.WaitAsync(Cancel);

        await _host.StopAsync().WaitAsync(TimeSpan.FromSeconds(10), Cancel);

        using var answer = await waiting.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private async Task<HttpResponseMessage> GetAsync(string target, string peer, string? version = null)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_host.Address, "/mesh/feed/" + target));
        request.Headers.Add(FeedHost.PeerHeader, peer);
        if (version is not null)
        {
            request.Headers.Add(FeedProtocol.VersionHeader, version);
        }

        return await client.SendAsync(request, Cancel);
    }
}
