using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapr.Client;
using EdgeMesh.Functions;
using EdgeMesh.Functions.Tests;
using EdgeMesh.Hosting;
using EdgeMesh.Replication;
using EdgeMesh.Services.Functions.Deployments;
using EdgeMesh.Services.Functions.Store;
using EdgeMesh.Services.Functions.Triggers.Retries;
using EdgeMesh.Services.Functions.Triggers.Topics;
using EdgeMesh.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>A site with the functions service behind a real sidecar, an administrator and a deployer.</summary>
internal sealed class FunctionsSite : IAsyncDisposable
{
    public const string Site = "test-site";

    public static readonly DeployerKey Ops = DeployerKey.Create("ops");

    private static readonly (string Private, string Public) CallerKey = NewCallerKey();
    private readonly DaprTestHost _host;
    private readonly TimeProvider _clock;

    private FunctionsSite(DaprTestHost host, TimeProvider clock) => (_host, _clock, Client) = (host, clock, host.InvokeClient("gateway", FunctionsApp.AppId));

    /// <summary>As the gateway reaches the service.</summary>
    public HttpClient Client { get; }

    public DaprTestHost Host => _host;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <param name="data">A folder that stays; null: one that goes with the site.</param>
    /// <param name="apps">Apps beside the functions and the gateway.</param>
    /// <param name="resources">Components; null: in memory.</param>
    /// <param name="clock">The clock of everything at the site; null: the machine's.</param>
    /// <param name="settings">Settings of the functions, below <c>EdgeMesh:Functions:</c>.</param>
    public static async Task<FunctionsSite> StartAsync(
        string? data = null, IReadOnlyList<TestApp>? apps = null, string? resources = null, TimeProvider? clock = null, params (string Key, string Value)[] settings)
    {
        clock ??= TimeProvider.System;
        var all = settings.Append(("Labels:kind", "clinic")).ToDictionary(s => $"EdgeMesh:Functions:{s.Item1}", s => (string?)s.Item2);
        var options = new DaprTestHostOptions
        {
            Site = Site,
            Apps = [new TestApp(FunctionsApp.AppId, FunctionsApp.Create) { Settings = all }, new TestApp("gateway"), .. apps ?? []],
            Secrets = new Dictionary<string, string>
            {
                [SiteSecrets.FunctionDeployers] = JsonSerializer.Serialize(new Dictionary<string, string> { ["ops"] = Convert.ToBase64String(Ops.Public.PublicKey.Span) }),
                [SiteSecrets.CallerSigningKey] = CallerKey.Private,
                [SiteSecrets.CallerVerifyKey] = CallerKey.Public,
                ["functions/greeting"] = "hush",
                ["other"] = "not for functions",
            },
            Resources = resources ?? TestComponents.InMemory,
            DataDirectory = data,
            Clock = clock,
        };
        return new FunctionsSite(await DaprTestHost.StartAsync(options, Cancellation), clock);
    }

    public static string Manifest(string name, string version = "1.0.0", string triggers = "  - http: { method: POST, path: / }", string more = "") =>
        $"name: {name}\nversion: {version}\nmodule: m.wasm\ntriggers:\n{triggers.Replace("path: /", "path: /run", StringComparison.Ordinal)}\n{more}\n";

    public static async Task<FunctionBundle> BundleAsync(byte[] module, string manifest, DeployerKey? key = null)
    {
        var built = await FunctionBundle.BuildAsync("function.yaml", manifest, module, key ?? Ops);
        Assert.Empty(built.Faults);
        return built.Bundle!;
    }

    /// <summary>Sends a bundle and the word to run it; both must be taken.</summary>
    public async Task<FunctionBundle> DeployAsync(byte[] module, string manifest, long generation = 1, CanaryPlan? canary = null)
    {
        var bundle = await BundleAsync(module, manifest);
        Assert.Equal((true, ""), await PutBundleAsync(bundle));
        await RunAsync(bundle, generation, canary);
        return bundle;
    }

    /// <summary>Deploys a module that nobody tried: another site has let it in, which runs more than this one does.</summary>
    public async Task DeployUntriedAsync(byte[] module, string manifest, long generation = 1, CanaryPlan? canary = null)
    {
        var bundle = await BundleAsync(module, manifest);
        var store = _host.Services(FunctionsApp.AppId).GetRequiredService<FunctionsOpener>().Store!;
        var taken = Assert.IsType<CommitResult.Committed>(await store.Changes.CommitAsync(new Commit { Changes = [.. ModuleParts.Cut(Site, bundle)] }, Cancellation));
        await store.Following.ReachAsync(taken.At, Cancellation);
        await RunAsync(bundle, generation, canary);
    }

    /// <summary>Starts the service again, so that it has nothing in memory, while some calls fail; returns once the function runs again.</summary>
    public async Task RestartAsync(string function, Func<DaprCall, bool> fails)
    {
        await _host.StopAppAsync(FunctionsApp.AppId);
        await _host.StartAppAsync(FunctionsApp.AppId, Cancellation);
        await RunsAsync(function, 1);
        _host.Faults.Fail(fails);
    }

    /// <summary>Returns once this site has decided on a generation.</summary>
    public async Task RunsAsync(string function, long generation)
    {
        while ((long?)(await DetailAsync(function))?["function"]?["sites"]?[Site]?["generation"] is not { } at || at < generation)
        {
            await Task.Delay(5, Cancellation);
        }
    }

    /// <summary>The topics, once the triggers have followed the deployment of a function that wants a topic.</summary>
    public async Task<SiteTopics> TopicsAsync(string topic)
    {
        for (var looks = 0; ; looks++)
        {
            Assert.True(looks < 6_000, $"nothing wants {topic}");
            if (_host.Services(FunctionsApp.AppId).GetRequiredService<FunctionsOpener>().Store?.Triggers.Topics is { } topics && topics.Wanting(topic) > 0)
            {
                return topics;
            }

            await Task.Delay(5, Cancellation);
        }
    }

    /// <summary>Another's retries of a function that does not run here now.</summary>
    public FunctionRetries Retries(string function, TimeProvider clock, ILogger? logger = null)
    {
        var services = _host.Services(FunctionsApp.AppId);
        return new FunctionRetries(function, services.GetRequiredService<DaprClient>(), services.GetRequiredService<SiteIdentity>(), clock, _ => null, null!, logger ?? NullLogger.Instance);
    }

    /// <summary>The calls of a function that are stored to be made later.</summary>
    public ParkedRows Parked(string function)
    {
        var services = _host.Services(FunctionsApp.AppId);
        return new ParkedRows(services.GetRequiredService<DaprClient>(), services.GetRequiredService<SiteIdentity>(), function);
    }

    public Task<(bool Taken, string Problem)> PutBundleAsync(FunctionBundle bundle, string? function = null) =>
        PutAsync($"deployments/{function ?? bundle.Manifest.Name}/bundle", BundleFile.Write(bundle));

    public Task<(bool Taken, string Problem)> PutAsync(Deployment word, string? function = null) => PutAsync($"deployments/{function ?? word.Function}", Encoding.UTF8.GetBytes(word.Text));

    public async Task<(bool Taken, string Problem)> PutAsync(string path, byte[] body)
    {
        using var answer = await SendAsync(HttpMethod.Put, path, body, Admin);
        return (answer.IsSuccessStatusCode, answer.IsSuccessStatusCode ? "" : await answer.Content.ReadAsStringAsync(Cancellation));
    }

    public async Task<JsonNode?> DetailAsync(string function)
    {
        using var answer = await SendAsync(HttpMethod.Get, $"deployments/{function}", null, Admin);
        return answer.IsSuccessStatusCode ? JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation)) : null;
    }

    public async Task<JsonNode> LogsAsync(string function)
    {
        using var answer = await SendAsync(HttpMethod.Get, $"deployments/{function}/logs?last=1000", null, Admin);
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!;
    }

    /// <summary>Waits until a function was called so many times: topics and schedules come in their own time.</summary>
    public async Task<IReadOnlyList<JsonNode?>> CallsAsync(string function, int count)
    {
        while (true)
        {
            var calls = (await LogsAsync(function)).AsArray();
            if (calls.Count >= count)
            {
                return [.. calls];
            }

            await Task.Delay(10, Cancellation);
        }
    }

    /// <summary>Calls a function's HTTP trigger, as a user with its scope.</summary>
    public async Task<(int Status, string Body)> CallAsync(string function, string body = "", string path = "run", string method = "POST", params string[] scopes)
    {
        var caller = User with { Scopes = scopes.Length == 0 ? [$"functions/{function}"] : [.. scopes] };
        using var answer = await SendAsync(new HttpMethod(method), $"functions/{function}/{path}", method == "GET" ? null : Encoding.UTF8.GetBytes(body), caller);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
    }

    /// <summary>Where this site is with a function, as the commands show it.</summary>
    public async Task<JsonNode> AtAsync(string function) => (await DetailAsync(function))!["function"]!["sites"]![Site]!;

    /// <summary>Asks as an operator for one of hold, release, pause, resume.</summary>
    public async Task<(bool Done, string Answer)> ChangeAsync(string function, string change)
    {
        using var answer = await SendAsync(HttpMethod.Post, $"deployments/{function}/{change}", [], Admin);
        return (answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
    }

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, byte[]? body, Caller? caller) => SendAsync(Client, method, path, body, caller);

    /// <param name="client">The gateway's way to the service, or another one.</param>
    /// <param name="method">The method.</param>
    /// <param name="path">The path.</param>
    /// <param name="body">The body; null: none.</param>
    /// <param name="caller">Who the gateway says that calls; null: it says nothing.</param>
    public async Task<HttpResponseMessage> SendAsync(HttpClient client, HttpMethod method, string path, byte[]? body, Caller? caller)
    {
        using var content = body is null ? null : new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
        return await SendAsync(client, method, path, content, caller);
    }

    public async Task<HttpResponseMessage> SendAsync(HttpClient client, HttpMethod method, string path, HttpContent? body, Caller? caller)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        return await SendAsync(client, request, caller);
    }

    public async Task<HttpResponseMessage> SendAsync(HttpClient client, HttpRequestMessage request, Caller? caller)
    {
        if (caller is not null)
        {
            request.Headers.Add(CallerTokens.Header, new CallerTokens(_clock).Sign(caller, Site, CallerKey.Private));
        }

        return await client.SendAsync(request, Cancellation);
    }

    public static Caller User { get; } = new() { Kind = CallerKind.User, Subject = "ada", Site = Site };

    public static Caller Admin { get; } = User with { Roles = ["admin"] };

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _host.DisposeAsync();
    }

    /// <summary>A module that writes a text to stdout.</summary>
    public static byte[] Says(string text) => Wat.Command(FunctionsSiteText.Write(text), $"(data (i32.const 64) \"{text.Replace("\n", "\\0a", StringComparison.Ordinal)}\")");

    /// <summary>What is no module.</summary>
    public static byte[] Malformed => [0, 1, 2, 3];

    /// <summary>A module that leaves with an exit code.</summary>
    public static byte[] Exits(int code) => Wat.Command($"(call $exit (i32.const {code}))");

    private async Task RunAsync(FunctionBundle bundle, long generation, CanaryPlan? canary)
    {
        Assert.Equal((true, ""), await PutAsync(Deployment.Sign(bundle.Manifest.Name, generation, bundle.Digest, canary ?? CanaryPlan.None, Ops)));
        await RunsAsync(bundle.Manifest.Name, generation);
    }

    private static (string, string) NewCallerKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return (key.ExportPkcs8PrivateKeyPem(), key.ExportSubjectPublicKeyInfoPem());
    }
}
