using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.State;

public sealed class StateTtlTests
{
    [Theory]
    [InlineData(TestSidecar.Memory)]
    [InlineData(TestSidecar.Sqlite)]
    public async Task Ttl_WhenItsTimeHasCome_TheKeyIsGoneAndMayBeWrittenFirst(string store)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60));
        await using var sidecar = await TestSidecar.StartAsync(change: o => o with { Clock = clock });
        using var http = sidecar.Http();
        await http.PostJsonAsync($"/v1.0/state/{store}", """[{"key":"t","value":1,"metadata":{"ttlInSeconds":"10"},"options":{"concurrency":"first-write"}}]""").StatusAsync();
        using var live = await http.GetAsync($"/v1.0/state/{store}/t", TestSidecar.Cancellation);
        Assert.Equal(200, (int)live.StatusCode);
        Assert.Equal("2030-01-01T00:00:10Z", live.Headers.GetValues("metadata.ttlExpireTime").Single());
        var bulk = await http.PostJsonAsync($"/v1.0/state/{store}/bulk", """{"keys":["t"]}""").TextAsync();
        Assert.Contains("""{"ttlExpireTime":"2030-01-01T00:00:10Z"}""", bulk, StringComparison.Ordinal);

        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(204, await http.GetAsync($"/v1.0/state/{store}/t", TestSidecar.Cancellation).StatusAsync());
        Assert.Equal(409, await http.PostJsonAsync($"/v1.0/state/{store}", $$"""[{"key":"t","value":2,"etag":"{{live.Headers.NonValidated["ETag"]}}"}]""").StatusAsync());
        Assert.Equal(204, await http.PostJsonAsync($"/v1.0/state/{store}", """[{"key":"t","value":2,"options":{"concurrency":"first-write"}}]""").StatusAsync());
    }

    [Theory]
    [InlineData(TestSidecar.Memory)]
    [InlineData(TestSidecar.Sqlite)]
    public async Task Ttl_OverwrittenWithoutOne_TheKeyStays(string store)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60));
        await using var sidecar = await TestSidecar.StartAsync(change: o => o with { Clock = clock });
        using var http = sidecar.Http();
        await http.PostJsonAsync($"/v1.0/state/{store}?metadata.ttlInSeconds=10", """[{"key":"q","value":1},{"key":"own","value":1,"metadata":{"ttlInSeconds":"-1"}}]""").StatusAsync();
        await http.PostJsonAsync($"/v1.0/state/{store}/transaction?metadata.ttlInSeconds=10", """{"operations":[{"operation":"upsert","request":{"key":"tx","value":1}}]}""").StatusAsync();
        await http.PostJsonAsync($"/v1.0/state/{store}", """[{"key":"q","value":1}]""").StatusAsync();
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(
            (200, 200, 204),
            (await StatusAsync("q"), await StatusAsync("own"), await StatusAsync("tx")));

        Task<int> StatusAsync(string key) => http.GetAsync($"/v1.0/state/{store}/{key}", TestSidecar.Cancellation).StatusAsync();
    }
}
