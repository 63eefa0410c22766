using Microsoft.Data.Sqlite;

namespace EdgeMesh.Sidecar.Tests.State;

public sealed class StateKeyPrefixTests
{
    [Theory]
    [InlineData("none", "k")]
    [InlineData("name", "store||k")]
    [InlineData("namespace", "core.alpha||k")]
    [InlineData("appid", "alpha||k")]
    [InlineData("{appID}", "alpha||k")]
    [InlineData("custom", "custom||k")]
    public async Task KeyPrefix_Strategies_AreDaprds(string prefix, string key)
    {
        var apps = new Dictionary<string, Uri?> { ["alpha"] = null, ["beta"] = null };
        await using var sidecar = await TestSidecar.StartAsync(Yaml.Component("store", "state.sqlite", ("connectionString", "state.db"), ("keyPrefix", prefix)), apps);
        using var http = sidecar.Http();
        Assert.Equal(204, await http.PostJsonAsync("/v1.0/state/store", """[{"key":"k","value":1}]""").StatusAsync());
        Assert.Equal([key], Keys(Path.Combine(sidecar.Folder, "state.db")));
    }

    [Fact]
    public async Task ConnectionString_ThatNamesTheApp_GivesEachAppItsFile()
    {
        var apps = new Dictionary<string, Uri?> { ["alpha"] = null, ["beta"] = null };
        await using var sidecar = await TestSidecar.StartAsync(Yaml.Component("store", "state.sqlite", ("connectionString", "{appID}.db"), ("keyPrefix", "none")), apps);
        foreach (var app in apps.Keys)
        {
            using var http = sidecar.Http(app);
            await http.PostJsonAsync("/v1.0/state/store", $$"""[{"key":"of-{{app}}","value":1}]""").StatusAsync();
        }

        Assert.Equal(["of-alpha"], Keys(Path.Combine(sidecar.Folder, "alpha.db")));
        Assert.Equal(["of-beta"], Keys(Path.Combine(sidecar.Folder, "beta.db")));
    }

    private static string[] Keys(string file)
    {
        using var connection = new SqliteConnection($"Data Source={file};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT key FROM state ORDER BY key";
        using var rows = command.ExecuteReader();
        var keys = new List<string>();
        while (rows.Read())
        {
            keys.Add(rows.GetString(0));
        }

        return [.. keys];
    }
}
