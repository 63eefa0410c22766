using System.Text;
using System.Text.Json;

namespace EdgeMesh.Sidecar.Tests.State;

/// <summary>A site moves between the engines with its data: what one wrote the other reads, replaces by ETag and deletes.</summary>
[Trait("Category", "Engines")]
public sealed class DaprdFileTests : IDisposable
{
    private const string State = "/v1.0/state/" + TestSidecar.Sqlite;

    private readonly string _folder = TestSidecar.TemporaryFolder();

    [Fact]
    public async Task File_WrittenByDaprd_IsOursToReadReplaceAndDelete()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "resources.yaml"), Yaml.StandardStores, TestSidecar.Cancellation);
        Dictionary<string, string> etags;
        await using (var daprd = await Daprd.StartAsync(_folder))
        {
            await WriteAsync(daprd.Http);
            etags = await CheckAsync(daprd.Http);
        }

        await using var sidecar = await TestSidecar.StartAsync(folder: _folder);
        using var http = sidecar.Http();
        Assert.Equal(etags, await CheckAsync(http));
        await ChangeAsync(http, etags);
    }

    [Fact]
    public async Task File_WrittenByUs_IsDaprdsToReadReplaceAndDelete()
    {
        Dictionary<string, string> etags;
        await using (var sidecar = await TestSidecar.StartAsync(folder: _folder))
        {
            using var http = sidecar.Http();
            using var dapr = sidecar.Dapr();
            await WriteAsync(http);
            await dapr.SaveByteStateAsync(TestSidecar.Sqlite, "bytes", new byte[] { 0, 255, 7 }, cancellationToken: TestSidecar.Cancellation);
            etags = await CheckAsync(http);
        }

        await using var daprd = await Daprd.StartAsync(_folder);
        Assert.Equal(etags, await CheckAsync(daprd.Http));
        Assert.Equal([0, 255, 7], await daprd.Http.GetByteArrayAsync(State + "/bytes", TestSidecar.Cancellation));
        await ChangeAsync(daprd.Http, etags);
    }

    [Fact]
    public async Task File_OfDaprd_MayComeBackToIt()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "resources.yaml"), Yaml.StandardStores, TestSidecar.Cancellation);
        await using (var daprd = await Daprd.StartAsync(_folder))
        {
            await WriteAsync(daprd.Http);
        }

        await using (var sidecar = await TestSidecar.StartAsync(folder: _folder))
        {
            using var http = sidecar.Http();
            Assert.Equal(204, await http.PostJsonAsync(State, """[{"key":"text","value":"ours"},{"key":"new","value":{"a":[1]}}]""").StatusAsync());
        }

        await using var again = await Daprd.StartAsync(_folder);
        Assert.Equal("\"ours\"", await again.Http.GetStringAsync(State + "/text", TestSidecar.Cancellation));
        Assert.Equal("""{"a":[1]}""", await again.Http.GetStringAsync(State + "/new", TestSidecar.Cancellation));
    }

    private static async Task WriteAsync(HttpClient http)
    {
        Assert.Equal(204, await http.PostJsonAsync(State, """[{"key":"text","value":"héllo"},{"key":"object","value":{"n":1}},{"key":"lives","value":1,"metadata":{"ttlInSeconds":"1000"}}]""").StatusAsync());
        Assert.Equal(204, await http.PostJsonAsync(State + "/transaction", """{"operations":[{"operation":"upsert","request":{"key":"core/head","value":7}}]}""").StatusAsync());
        Assert.Equal(204, await http.PostJsonAsync(State, """[{"key":"dies","value":1,"metadata":{"ttlInSeconds":"1"}}]""").StatusAsync());
    }

    /// <summary>Every value as it was written, and the ETags.</summary>
    private static async Task<Dictionary<string, string>> CheckAsync(HttpClient http)
    {
        var etags = new Dictionary<string, string>();
        foreach (var (key, value) in new[] { ("text", "\"héllo\""), ("object", """{"n":1}"""), ("lives", "1"), ("core%2Fhead", "7") })
        {
            using var answer = await http.GetAsync($"{State}/{key}", TestSidecar.Cancellation);
            Assert.Equal(value, Encoding.UTF8.GetString(await answer.Content.ReadAsByteArrayAsync(TestSidecar.Cancellation)));
            Assert.Equal(key == "lives", answer.Headers.Contains("metadata.ttlExpireTime"));
            etags[key] = answer.Headers.NonValidated["ETag"].ToString() + (key == "lives" ? answer.Headers.GetValues("metadata.ttlExpireTime").Single() : "");
        }

        return etags;
    }

    private static async Task ChangeAsync(HttpClient http, Dictionary<string, string> etags)
    {
        var etag = JsonSerializer.Serialize(etags["text"]);
        Assert.Equal(409, await http.PostJsonAsync(State, """[{"key":"text","value":2,"etag":"stale"}]""").StatusAsync());
        Assert.Equal(204, await http.PostJsonAsync(State, $$"""[{"key":"text","value":2,"etag":{{etag}}}]""").StatusAsync());
        Assert.Equal(409, await http.PostJsonAsync(State, $$"""[{"key":"text","value":3,"etag":{{etag}}}]""").StatusAsync());
        using var delete = new HttpRequestMessage(HttpMethod.Delete, State + "/object");
        delete.Headers.TryAddWithoutValidation("If-Match", etags["object"]);
        Assert.Equal(204, await http.SendAsync(delete, TestSidecar.Cancellation).StatusAsync());
        Assert.Equal(204, await http.GetAsync(State + "/object", TestSidecar.Cancellation).StatusAsync());
        while (await http.GetAsync(State + "/dies", TestSidecar.Cancellation).StatusAsync() != 204)
        {
            await Task.Delay(50, TestSidecar.Cancellation);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
