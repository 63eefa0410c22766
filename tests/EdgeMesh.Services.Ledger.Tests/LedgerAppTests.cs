using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using EdgeMesh.Hosting;
using EdgeMesh.Ledger;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace EdgeMesh.Services.Ledger.Tests;

public sealed class LedgerAppTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Add_OneEntry_AnswersItsIndex_AndTheSameSequenceAgain_TheSameIndex()
    {
        await using var site = await LedgerSite.StartAsync();
        Assert.Equal("0", await TextAsync(await site.AddAsync([1, 2], "records", 7)));
        Assert.Equal("1", await TextAsync(await site.AddAsync([1, 2], "records", 8)));
        Assert.Equal("0", await TextAsync(await site.AddAsync([1, 2], "records", 7)));
        Assert.Equal("2", await TextAsync(await site.AddAsync([1, 2])));
        await ProblemAsync(await site.AddAsync([1], "records", 3), HttpStatusCode.Conflict, "sequence-forgotten");
    }

    [Fact]
    public async Task AddBatch_ThenRead_EverythingVerifies()
    {
        await using var site = await LedgerSite.StartAsync();
        var answer = await site.AddBatchAsync(Enumerable.Range(0, 700).Select(i => BitConverter.GetBytes(i)), "records", 0);
        Assert.Equal("""{"first":0,"count":700}""", await TextAsync(answer));
        var result = await site.VerifyAsync();
        Assert.True(result.Holds, result.ToString());
        Assert.Equal(700, result.Entries);
        var again = await (await site.AddBatchAsync(Enumerable.Range(0, 701).Select(i => BitConverter.GetBytes(i)), "records", 0)).Content.ReadFromJsonAsync<JsonElement>(Cancellation);
        Assert.Equal((0, 701), (again.GetProperty("first").GetInt64(), again.GetProperty("count").GetInt32()));
        Assert.Equal(701, (await site.VerifyAsync()).Entries);
    }

    [Fact]
    public async Task Proof_OfAnEntry_VerifiesWithTheKeyAlone()
    {
        await using var site = await LedgerSite.StartAsync();
        await site.AddBatchAsync(Enumerable.Range(0, 300).Select(i => BitConverter.GetBytes(i)));
        var text = await site.Client.GetByteArrayAsync("ledger/proof/299", Cancellation);
        Assert.True(TlogProof.TryParse(text, out var proof));
        Assert.True(proof.Verify(BitConverter.GetBytes(299), LedgerSite.Key.VerifierKey));
        await ProblemAsync(await site.Client.GetAsync("ledger/proof/300", Cancellation), HttpStatusCode.NotFound, "entry-unknown");
    }

    [Fact]
    public async Task Read_Files_HaveTheSpecifiedTypesAndCaching()
    {
        await using var site = await LedgerSite.StartAsync();
        await site.AddBatchAsync(Enumerable.Range(0, 300).Select(i => BitConverter.GetBytes(i)));
        using var checkpoint = await site.Client.GetAsync("ledger/checkpoint", Cancellation);
        Assert.Equal("text/plain; charset=utf-8", checkpoint.Content.Headers.ContentType!.ToString());
        Assert.True(checkpoint.Headers.CacheControl!.NoCache);
        Assert.StartsWith("edgemesh/test-site/ledger\n300\n", await checkpoint.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        foreach (var (path, length) in new[] { ("tile/0/000", 8192), ("tile/0/000.p/9", 288), ("tile/0/001.p/44", 1408), ("tile/1/000.p/1", 32), ("tile/entries/000", 1536), ("tile/entries/001.p/44", 264) })
        {
            using var tile = await site.Client.GetAsync("ledger/" + path, Cancellation);
            Assert.Equal("application/octet-stream", tile.Content.Headers.ContentType!.ToString());
            Assert.Contains("immutable", tile.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
            Assert.Equal(length, (await tile.Content.ReadAsByteArrayAsync(Cancellation)).Length);
        }

        foreach (var path in new[] { "tile/0/001", "tile/0/001.p/45", "tile/0/1", "tile/0/x000/000", "tile/64/000", "tile/entries/002.p/1", "tile/0/000.p/0" })
        {
            using var answer = await site.Client.GetAsync("ledger/" + path, Cancellation);
            Assert.True(answer.Headers.CacheControl!.NoCache);
            await ProblemAsync(answer, HttpStatusCode.NotFound, "log-file-unknown");
        }
    }

    [Fact]
    public async Task Add_BadInput_IsRefusedWithAReason_AndNothingIsLogged()
    {
        await using var site = await LedgerSite.StartAsync();
        await ProblemAsync(await site.AddAsync([]), HttpStatusCode.BadRequest, "entries-refused");
        await ProblemAsync(await site.AddAsync(new byte[65_536]), HttpStatusCode.RequestEntityTooLarge, "entries-too-large");
        await ProblemAsync(await site.AddAsync([1], "no spaces", 1), HttpStatusCode.BadRequest, "entries-refused");
        await ProblemAsync(await site.PostAsync("add-batch", [0, 5, 1], "records", 0), HttpStatusCode.BadRequest, "entries-malformed");
        await ProblemAsync(await site.PostAsync("add-batch", new byte[600_000], "records", 0), HttpStatusCode.RequestEntityTooLarge, "entries-too-large");
        await ProblemAsync(await site.AddBatchAsync(Enumerable.Repeat(new byte[1], 1025)), HttpStatusCode.BadRequest, "entries-malformed");
        using var odd = new HttpRequestMessage(HttpMethod.Post, "add") { Content = new ByteArrayContent([1]), Headers = { { "EdgeMesh-Producer", "records" } } };
        await ProblemAsync(await site.Client.SendAsync(odd, Cancellation), HttpStatusCode.BadRequest, "sequence-malformed");
        Assert.Equal(0, (await site.VerifyAsync()).Entries);
    }

    [Theory]
    [InlineData(CallerKind.User)]
    [InlineData(CallerKind.Site)]
    public async Task Add_FromOutsideTheSite_IsForbidden(CallerKind kind)
    {
        await using var site = await LedgerSite.StartAsync();
        var services = site.Host.Services(LedgerApp.AppId);
        var key = await services.GetRequiredService<SiteSecrets>().GetAsync(SiteSecrets.CallerSigningKey, Cancellation);
        var token = services.GetRequiredService<CallerTokens>().Sign(new Caller { Kind = kind, Subject = "somebody", Site = LedgerSite.Site }, LedgerSite.Site, key);
        using var request = new HttpRequestMessage(HttpMethod.Post, "add") { Content = new ByteArrayContent([1]), Headers = { { CallerTokens.Header, token } } };
        await ProblemAsync(await site.Client.SendAsync(request, Cancellation), HttpStatusCode.Forbidden, "not-a-service");
    }

    [Fact]
    public async Task Restart_OnSqlite_GoesOnWhereItWas()
    {
        var folder = Directory.CreateTempSubdirectory("edgemesh-ledger-").FullName;
        try
        {
            await using (var site = await LedgerSite.StartAsync(LedgerSite.Sqlite, data: folder))
            {
                await site.AddBatchAsync(Enumerable.Range(0, 400).Select(i => BitConverter.GetBytes(i)), "records", 0);
            }

            await using var again = await LedgerSite.StartAsync(LedgerSite.Sqlite, data: folder);
            Assert.Equal("399", await TextAsync(await again.AddAsync(BitConverter.GetBytes(399), "records", 399)));
            Assert.Equal("400", await TextAsync(await again.AddAsync([1], "records", 400)));
            var result = await again.VerifyAsync();
            Assert.True(result.Holds, result.ToString());
            Assert.Equal(401, result.Entries);
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    [Fact]
    public async Task Restart_OfTheApp_FencesTheOldOne_AndReadinessSaysWhatItWaitsFor()
    {
        await using var site = await LedgerSite.StartAsync();
        await site.AddAsync([1]);
        await site.Host.StopAppAsync(LedgerApp.AppId);
        await site.Host.StartAppAsync(LedgerApp.AppId, Cancellation);
        using var app = site.Host.AppClient(LedgerApp.AppId);
        HttpResponseMessage ready;
        while (!(ready = await app.GetAsync("/readyz", Cancellation)).IsSuccessStatusCode)
        {
            Assert.Contains("ledger", await ready.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        }

        Assert.Equal("1", await TextAsync(await site.AddAsync([1])));
    }

    [Fact]
    public void Create_WithLimitsThatCantBe_NamesEachSetting()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["EdgeMesh:Site"] = "test-site", ["EdgeMesh:Ledger:BatchEntries"] = "5000", ["EdgeMesh:Ledger:BatchBytes"] = "10",
        });
        var error = Assert.Throws<InvalidOperationException>(() => LedgerApp.Create(builder));
        Assert.Contains("EdgeMesh:Ledger:BatchEntries", error.Message, StringComparison.Ordinal);
        Assert.Contains("EdgeMesh:Ledger:BatchBytes", error.Message, StringComparison.Ordinal);
    }

    private static async Task<string> TextAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.True(answer.IsSuccessStatusCode, text);
        return text;
    }

    private static async Task ProblemAsync(HttpResponseMessage answer, HttpStatusCode status, string code)
    {
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal(code, (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancellation)).GetProperty("code").GetString());
    }
}
