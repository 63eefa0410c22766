using System.Buffers.Text;
using System.Text.Json;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Functions.Running;
using EdgeMesh.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>What a function may do beyond stdin and stdout, through a real sidecar.</summary>
public sealed class HostTests
{
    [Fact]
    public async Task State_IsKeptBetweenCallsAndApartFromOtherFunctions()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(HostModules.SetAndGet("k", "mine"), FunctionsSite.Manifest("one", more: "permissions: { state: true }"));
        await site.DeployAsync(HostModules.Get("k"), FunctionsSite.Manifest("again", more: "permissions: { state: true }"));
        await site.DeployAsync(HostModules.Get("../one/k"), FunctionsSite.Manifest("thief", more: "permissions: { state: true }"));

        Assert.Equal((200, "mine"), await site.CallAsync("one"));
        Assert.Equal((200, "-1"), await site.CallAsync("again"));
        Assert.Equal((200, "-1"), await site.CallAsync("thief"));
    }

    /// <summary>Nobody reads it to its end, which does not come.</summary>
    [Fact]
    public async Task Invoke_OfWhatAnswersWithoutEnd_IsTooMuch()
    {
        var chunk = new byte[64 * 1024];
        var fountain = new TestApp("fountain", builder =>
        {
            var web = builder.Build();
            web.MapGet("/flow", async (HttpContext context) =>
            {
                while (!context.RequestAborted.IsCancellationRequested)
                {
                    await context.Response.Body.WriteAsync(chunk, context.RequestAborted);
                }
            });
            return web;
        });
        await using var site = await FunctionsSite.StartAsync(apps: [fountain]);
        await site.DeployAsync(HostModules.Invoke("GET fountain/flow"), FunctionsSite.Manifest("f", more: "limits: { time: 1m }\npermissions: { invoke: [\"GET fountain/flow\"] }"));

        Assert.Equal((200, "-5"), await site.CallAsync("f"));
    }

    [Fact]
    public async Task State_WithoutThePermission_IsDenied()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(HostModules.Get("k"), FunctionsSite.Manifest("f"));

        Assert.Equal((200, "-2"), await site.CallAsync("f"));
    }

    [Theory]
    [InlineData("secret", "greeting", "hush")]
    [InlineData("secret", "other", "-1")]
    [InlineData("setting", "limit", "42")]
    [InlineData("setting", "none", "-1")]
    public async Task SettingsAndSecrets_AreThoseOfTheManifestAlone(string kind, string name, string answer)
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(HostModules.Ask(kind, name), FunctionsSite.Manifest("f", more: "settings: { limit: \"42\" }\nsecrets: { greeting: functions/greeting }"));

        Assert.Equal((200, answer), await site.CallAsync("f"));
    }

    [Fact]
    public async Task Setting_ThatTheManifestRefersTo_IsTheSitesOwnWhereItHasOne()
    {
        var data = Directory.CreateTempSubdirectory("edgemesh-functions-").FullName;
        try
        {
            await using var site = await FunctionsSite.StartAsync(data, resources: TestComponents.InMemory + SettingsComponent);
            await site.DeployAsync(HostModules.Ask("setting", "limit"), FunctionsSite.Manifest("f", more: ByReference));
            Assert.Equal((200, "42"), await site.CallAsync("f"));

            await using var settings = new SqliteConnection($"Data Source={Path.Combine(data, "settings.db")};Pooling=False");
            await settings.OpenAsync(TestContext.Current.CancellationToken);
            await using var set = settings.CreateCommand();
            set.CommandText = "INSERT INTO configuration (key, value) VALUES ('functions/limit', '99')";
            await set.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            while (await site.CallAsync("f") != (200, "99"))
            {
                await Task.Delay(10, TestContext.Current.CancellationToken);
            }
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task Setting_ThatTheManifestRefersTo_AtASiteWithoutSettings_IsUnavailable()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(HostModules.Ask("setting", "limit"), FunctionsSite.Manifest("f", more: ByReference));

        Assert.Equal((200, "-4"), await site.CallAsync("f"));
    }

    /// <summary>What the function invokes sees the user who called it, and the function does not see the proof of that.</summary>
    [Fact]
    public async Task Invoke_ByAFunctionThatAUserCalled_IsInTheUsersName()
    {
        var app = new TestApp("mirror", builder =>
        {
            var web = builder.Build();
            web.MapGet("/who", (HttpContext context) => SubjectOf(context.Request.Headers[CallerTokens.Header].ToString()));
            return web;
        });
        await using var site = await FunctionsSite.StartAsync(apps: [app]);
        const string grants = "permissions: { invoke: [\"GET mirror/who\"] }";
        await site.DeployAsync(HostModules.Invoke("GET mirror/who"), FunctionsSite.Manifest("known", more: grants));
        await site.DeployAsync(HostModules.Invoke("GET mirror/who"), FunctionsSite.Manifest("anybody", triggers: "  - http: { method: POST, path: /, open: true }", more: grants));

        Assert.Equal((200, "ada"), await site.CallAsync("known"));
        using var answer = await site.SendAsync(HttpMethod.Post, "functions/anybody/run", [], null);
        Assert.Equal("nobody", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Invoke_WhatTheManifestGrants_ReachesTheService()
    {
        var app = new TestApp("prices", builder =>
        {
            var web = builder.Build();
            web.MapGet("/list/{item}", (string item) => $"price of {item}");
            web.MapGet("/admin", () => "secret");
            return web;
        });
        await using var site = await FunctionsSite.StartAsync(apps: [app]);
        const string grants = "permissions: { invoke: [\"GET prices/list/*\"] }";
        await site.DeployAsync(HostModules.Invoke("GET prices/list/milk"), FunctionsSite.Manifest("good", more: grants));
        await site.DeployAsync(HostModules.Invoke("GET prices/admin"), FunctionsSite.Manifest("bad", more: grants));
        await site.DeployAsync(HostModules.Invoke("GET prices/list/../admin"), FunctionsSite.Manifest("worse", more: grants));

        Assert.Equal((200, "price of milk"), await site.CallAsync("good"));
        Assert.Equal((200, "-2"), await site.CallAsync("bad"));
        Assert.Equal((200, "-3"), await site.CallAsync("worse"));
    }

    [Theory]
    [InlineData("GET a/b", "GET a/b", true)]
    [InlineData("GET a/b?x=1", "GET a/b", true)]
    [InlineData("POST a/b", "GET a/b", false)]
    [InlineData("GET a/b/c", "GET a/b", false)]
    [InlineData("GET a/b/c", "GET a/b/*", true)]
    [InlineData("GET a/bad/c", "GET a/b/*", false)]
    [InlineData("GET ab/b/c", "GET a/*", false)]
    public void IsGrantedBy_Target_FitsItsGrantAlone(string target, string grant, bool granted) =>
        Assert.Equal(granted, InvokeTarget.Parse(target)!.IsGrantedBy(grant));

    private const string ByReference = "settings: { limit: \"42\" }\nconfiguration: { limit: functions/limit }";

    private const string SettingsComponent = """

        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: settings
        spec:
          type: configuration.edgemesh.sqlite
          version: v1
          metadata:
            - name: connectionString
              value: settings.db
        """;

    /// <summary>A token is three parts in base64, the second of which says who it is about.</summary>
    private static string SubjectOf(string token)
    {
        if (token.Length == 0)
        {
            return "nobody";
        }

        using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.')[1]));
        return claims.RootElement.GetProperty("sub").GetString()!;
    }

    [Theory]
    [InlineData("GET a")]
    [InlineData("GET a/")]
    [InlineData("get a/b")]
    [InlineData("GET a/b%2fc")]
    [InlineData("GET a//b")]
    [InlineData("GET a/../b")]
    [InlineData("GET A/b")]
    [InlineData("a/b")]
    [InlineData("GET /b")]
    public void Parse_TargetThatMightBeRewritten_IsNone(string target) => Assert.Null(InvokeTarget.Parse(target));

    [Theory]
    [InlineData("PUT functions/actors/Rollout/triage/method/ReleaseAsync")]
    [InlineData("DELETE monitor/Actors/Site/clinic-a")]
    [InlineData("GET records/dapr/subscribe")]
    [InlineData("POST records/job/nightly")]
    public void Parse_WhatASidecarAloneAsks_IsNone(string target) => Assert.Null(InvokeTarget.Parse(target));

    [Theory]
    [InlineData("GET records/fhir/Patient/1", true)]
    [InlineData("POST functions/functions/other/run", true)]
    [InlineData("POST functions/deployments/triage/release", false)]
    [InlineData("PUT functions/Deployments", false)]
    public void Caller_GoesWithACall_ButNotToTheDeployments(string target, bool carries) => Assert.Equal(carries, InvokeTarget.Parse(target)!.CarriesCaller);
}
