using System.Text;

namespace EdgeMesh.Sidecar.Tests.State;

/// <summary>State by HTTP. Each expectation was read from daprd 1.18.</summary>
public sealed class HttpStateTests : IAsyncLifetime
{
    private TestSidecar _sidecar = null!;
    private HttpClient _http = null!;

    public static TheoryData<string> Stores => new(TestSidecar.Memory, TestSidecar.Sqlite);

    public async ValueTask InitializeAsync()
    {
        _sidecar = await TestSidecar.StartAsync();
        _http = _sidecar.Http();
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task Save_AnyJson_IsStoredAsItCame(string store)
    {
        Assert.Equal(204, await _http.PostJsonAsync($"/v1.0/state/{store}", """[{"key":"a","value":{"x": [1.50,"<é>"]}},{"key":"n"},{"KEY":"case","Value":true}]""").StatusAsync());
        Assert.Equal("""{"x": [1.50,"<é>"]}""", await GetAsync(store, "a"));
        Assert.Equal("null", await GetAsync(store, "n"));
        Assert.Equal("true", await GetAsync(store, "case"));
        using var none = await _http.GetAsync($"/v1.0/state/{store}/none", TestSidecar.Cancellation);
        Assert.Equal(204, (int)none.StatusCode);
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task Save_BytesThatAreNoText_HasAReplacementCharacterInTheirPlace(string store)
    {
        using var body = new ByteArrayContent([.. "[{\"key\":\"k"u8, 0xFF, .. "\",\"value\":1}]"u8]);
        Assert.Equal(204, await _http.PostAsync($"/v1.0/state/{store}", body, TestSidecar.Cancellation).StatusAsync());
        Assert.Equal("1", await GetAsync(store, "k%EF%BF%BD"));
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task Save_StaleETag_Is409AndTheOthersStand(string store)
    {
        await _http.PostJsonAsync($"/v1.0/state/{store}", """[{"key":"a","value":1}]""").StatusAsync();
        var (status, code, message) = await _http.PostJsonAsync($"/v1.0/state/{store}", """[{"key":"a","value":2,"etag":"stale"},{"key":"b","value":2}]""").FaultAsync();
        Assert.Equal((409, "ERR_STATE_SAVE"), (status, code));
        Assert.StartsWith($"failed saving state in state store {store}: possible etag mismatch. error from state store", message, StringComparison.Ordinal);
        Assert.Equal("1", await GetAsync(store, "a"));
        Assert.Equal("2", await GetAsync(store, "b"));
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task Delete_ByIfMatch_NeedsTheCurrentETag(string store)
    {
        await _http.PostJsonAsync($"/v1.0/state/{store}", """[{"key":"a","value":1}]""").StatusAsync();
        Assert.Equal((409, "ERR_STATE_DELETE"), await DeleteAsync(store, "a", "stale"));
        Assert.Equal((409, "ERR_STATE_DELETE"), await DeleteAsync(store, "none", "stale"));
        using var got = await _http.GetAsync($"/v1.0/state/{store}/a", TestSidecar.Cancellation);
        Assert.Equal((204, ""), await DeleteAsync(store, "a", got.Headers.NonValidated["ETag"].ToString()));
        Assert.Equal((204, ""), await DeleteAsync(store, "a", null));
    }

    [Theory]
    [InlineData("x", 400, "ERR_MALFORMED_REQUEST")]
    [InlineData("{}", 400, "ERR_MALFORMED_REQUEST")]
    [InlineData("", 400, "ERR_MALFORMED_REQUEST")]
    [InlineData("[]", 204, "")]
    [InlineData("[1]", 400, "ERR_MALFORMED_REQUEST")]
    [InlineData("[{}]", 400, "ERR_MALFORMED_REQUEST")]
    [InlineData("""[{"key":5,"value":1}]""", 400, "ERR_MALFORMED_REQUEST")]
    [InlineData("""[{"key":"a||b","value":1}]""", 400, "ERR_MALFORMED_REQUEST")]
    [InlineData("""[{"key":"a","value":1,"etag":5}]""", 400, "ERR_MALFORMED_REQUEST")]
    [InlineData("""[{"key":"a","value":1,"etag":""}]""", 204, "")]
    [InlineData("""[{"key":"a","value":1,"options":{"concurrency":"nonsense"}}]""", 500, "ERR_STATE_SAVE")]
    [InlineData("""[{"key":"a","value":1,"options":{"consistency":"nonsense"}}]""", 500, "ERR_STATE_SAVE")]
    [InlineData("""[{"key":"a","value":1,"options":{"consistency":"strong"}}]""", 204, "")]
    [InlineData("""[{"key":"a","value":1,"metadata":{"ttlInSeconds":"x"}}]""", 500, "ERR_STATE_SAVE")]
    [InlineData("""[{"key":"a","value":1,"metadata":{"ttlInSeconds":"-5"}}]""", 500, "ERR_STATE_SAVE")]
    [InlineData("""[{"key":"a","value":1,"metadata":{"ttlInSeconds":9}}]""", 400, "ERR_MALFORMED_REQUEST")]
    public async Task Save_OddBodies_AnswerAsDaprdDoes(string body, int status, string code)
    {
        var answer = await _http.PostJsonAsync($"/v1.0/state/{TestSidecar.Sqlite}", body).FaultAsync();
        Assert.Equal((status, code), (answer.Status, answer.Code));
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task Transaction_Operations_AllOrNothing(string store)
    {
        var path = $"/v1.0/state/{store}/transaction";
        Assert.Equal(204, await _http.PostJsonAsync(path, """{"operations":[{"operation":"upsert","request":{"key":"a","value":1}},{"operation":"delete","request":{"key":"b"}}]}""").StatusAsync());
        var lost = await _http.PostJsonAsync(path, """{"operations":[{"operation":"upsert","request":{"key":"c","value":1}},{"operation":"delete","request":{"key":"a","etag":"stale"}}]}""").FaultAsync();
        Assert.Equal((500, "ERR_STATE_TRANSACTION"), (lost.Status, lost.Code));
        Assert.Equal("", await GetAsync(store, "c"));
        var unknown = await _http.PostJsonAsync(path, """{"operations":[{"operation":"frob","request":{"key":"a"}}]}""").FaultAsync();
        Assert.Equal((400, "ERR_NOT_SUPPORTED_STATE_OPERATION"), (unknown.Status, unknown.Code));
        Assert.Equal(204, await _http.PostJsonAsync(path, """{"operations":[]}""").StatusAsync());
        Assert.Equal(204, await _http.PostJsonAsync(path, "{}").StatusAsync());
    }

    [Fact]
    public async Task Any_MissingStore_Is400BeforeTheBodyIsRead()
    {
        Assert.Equal((400, "ERR_STATE_STORE_NOT_FOUND"), Short(await _http.GetAsync("/v1.0/state/nosuch/k", TestSidecar.Cancellation).FaultAsync()));
        Assert.Equal((400, "ERR_STATE_STORE_NOT_FOUND"), Short(await _http.PostJsonAsync("/v1.0/state/nosuch", "not json").FaultAsync()));
        Assert.Equal((400, "ERR_STATE_STORE_NOT_FOUND"), Short(await _http.PostJsonAsync("/v1.0/state/nosuch/transaction", "{}").FaultAsync()));
    }

    [Theory]
    [InlineData("sl/ash", "sl%2Fash")]
    [InlineData("a b", "a%20b")]
    [InlineData("a b", "a+b")]
    [InlineData("a+b", "a%2Bb")]
    [InlineData("p%q", "p%25q")]
    [InlineData("%2F", "%252F")]
    [InlineData("é", "%C3%A9")]
    public async Task Get_EscapedKeys_AreDecodedAsDaprdDoes(string key, string escaped)
    {
        await _http.PostJsonAsync($"/v1.0/state/{TestSidecar.Memory}", $$"""[{"key":"{{key}}","value":7}]""").StatusAsync();
        Assert.Equal("7", await GetAsync(TestSidecar.Memory, escaped));
    }

    [Theory]
    [InlineData("GET", "/v1.0/state/memory/sl/ash")]
    [InlineData("GET", "/v1.0/state/memory")]
    [InlineData("PATCH", "/v1.0/state/memory")]
    [InlineData("POST", "/v1.0/state/memory/key")]
    public async Task Any_PathThatNothingServes_Is404WithDaprsCode(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        Assert.Equal((404, "ERR_DIRECT_INVOKE"), Short(await _http.SendAsync(request, TestSidecar.Cancellation).FaultAsync()));
    }

    [Fact]
    public async Task Bulk_ValuesThatAreNoJson_AreNamed()
    {
        using var dapr = _sidecar.Dapr();
        await dapr.SaveByteStateAsync(TestSidecar.Sqlite, "raw", Encoding.UTF8.GetBytes("plain"), cancellationToken: TestSidecar.Cancellation);
        await _http.PostJsonAsync($"/v1.0/state/{TestSidecar.Sqlite}", """[{"key":"json","value":[1]}]""").StatusAsync();
        var text = await _http.PostJsonAsync($"/v1.0/state/{TestSidecar.Sqlite}/bulk", """{"keys":["json","raw","none"]}""").TextAsync();
        Assert.StartsWith("""[{"key":"json","data":[1],"etag":""", text, StringComparison.Ordinal);
        Assert.Contains("""{"key":"raw","error":"the value is not JSON""", text, StringComparison.Ordinal);
        Assert.EndsWith("""{"key":"none"}]""", text, StringComparison.Ordinal);
        Assert.Equal("plain", await GetAsync(TestSidecar.Sqlite, "raw"));
    }

    [Fact]
    public async Task Save_BodyOverTheLimit_Is400AndTheAnswerIsReadable()
    {
        var large = "[{\"key\":\"big\",\"value\":\"" + new string('x', 5 * 1024 * 1024) + "\"}]";
        Assert.Equal((400, "ERR_MALFORMED_REQUEST", "stream too large"), await _http.PostJsonAsync($"/v1.0/state/{TestSidecar.Sqlite}", large).FaultAsync());
        var fits = "[{\"key\":\"big\",\"value\":\"" + new string('x', 3 * 1024 * 1024) + "\"}]";
        Assert.Equal(204, await _http.PostJsonAsync($"/v1.0/state/{TestSidecar.Sqlite}", fits).StatusAsync());
    }

    private static (int, string) Short((int Status, string Code, string Message) fault) => (fault.Status, fault.Code);

    private Task<string> GetAsync(string store, string key) => _http.GetAsync($"/v1.0/state/{store}/{key}", TestSidecar.Cancellation).TextAsync();

    private async Task<(int, string)> DeleteAsync(string store, string key, string? etag)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"/v1.0/state/{store}/{key}");
        if (etag is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", etag);
        }

        return Short(await _http.SendAsync(request, TestSidecar.Cancellation).FaultAsync());
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _sidecar.DisposeAsync();
    }
}
