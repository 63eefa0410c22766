using System.Collections.Immutable;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using EdgeMesh.Hosting;
using EdgeMesh.Keyring;
using EdgeMesh.Services.Ledger;
using EdgeMesh.Services.Records.Store;
using EdgeMesh.Testing;
using Microsoft.Extensions.DependencyInjection;

[assembly: AssemblyFixture(typeof(EdgeMesh.Services.Records.Tests.RecordsHost))]

namespace EdgeMesh.Services.Records.Tests;

/// <summary>The service behind a sidecar, as it runs at a site, asked as its gateway asks it.</summary>
public sealed class RecordsHost : IAsyncLifetime
{
    public const string Site = "clinic-a";

    public static readonly MeshDirectory Mesh = new(Site, [
        new SiteEntry(Site, "org-a", null, SiteKeys.Generate().ExchangePublicKey(), "", "", false),
        new SiteEntry("clinic-b", "org-b", null, SiteKeys.Generate().ExchangePublicKey(), "", "", false),
        new SiteEntry("core", "org-core", null, SiteKeys.Generate().ExchangePublicKey(), "", "", true)]);

    public static readonly Caller Practitioner = User("dr-who", "practitioner", "user/*.cruds");

    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>();

    /// <summary>Whether the site's ledger runs beside.</summary>
    public bool WithLedger { get; init; }

    public DaprTestHost Host { get; private set; } = null!;

    public static Caller User(string subject, string role, params string[] scopes) =>
        new() { Kind = CallerKind.User, Subject = subject, Site = Site, Roles = [role], Scopes = [.. scopes] };

    public async ValueTask InitializeAsync() => Host = await DaprTestHost.StartAsync(
        new() { Site = Site, Directory = Mesh, Apps = [new TestApp(RecordsApp.AppId, RecordsApp.Create) { Settings = Settings }, .. WithLedger ? [new TestApp(LedgerApp.AppId, LedgerApp.Create)] : Array.Empty<TestApp>()] },
        TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    /// <summary>Returns once every consent that was written decides.</summary>
    public async Task ConsentsAppliedAsync()
    {
        var store = Host.Services(RecordsApp.AppId).GetRequiredService<RecordsOpener>().Store!;
        await store.Sharing.Consents.ReachAsync(store.Changes.Head, TestContext.Current.CancellationToken);
    }

    public FhirHttp As(Caller caller) => new(this, caller);

    public FhirHttp Client => As(Practitioner);

    public HttpClient Http() => Host.AppClient(RecordsApp.AppId);

    public async Task<string> TokenAsync(Caller caller)
    {
        var services = Host.Services(RecordsApp.AppId);
        var key = await services.GetRequiredService<SiteSecrets>().GetAsync(SiteSecrets.CallerSigningKey, TestContext.Current.CancellationToken);
        return services.GetRequiredService<CallerTokens>().Sign(caller, Site, key);
    }
}

/// <summary>A caller's plain HTTP.</summary>
public sealed class FhirHttp(RecordsHost host, Caller caller)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http = host.Http();

    public Task<FhirResponse> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, path, null, headers);

    /// <summary>Asks until the answer is as expected: what follows a write is there a moment later.</summary>
    public async Task<FhirResponse> GetUntilAsync(string path, Func<FhirResponse, bool> expected)
    {
        var started = Stopwatch.StartNew();
        while (true)
        {
            var answer = await GetAsync(path);
            if (expected(answer))
            {
                return answer;
            }

            Assert.True(started.Elapsed < Patience, $"{path} did not come to answer as expected within {Patience}; the last answer was {answer.Status}: {answer.Text}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    public Task<FhirResponse> PostAsync(string path, JsonNode? body, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, path, body?.ToJsonString(), headers);

    public Task<FhirResponse> PutAsync(string path, JsonNode body, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Put, path, body.ToJsonString(), headers);

    public Task<FhirResponse> DeleteAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Delete, path, null, headers);

    public async Task<FhirResponse> SendAsync(HttpMethod method, string path, string? body, (string Name, string Value)[] headers, string contentType = "application/fhir+json")
    {
        using var request = new HttpRequestMessage(method, path.StartsWith("http", StringComparison.Ordinal) ? new Uri(path) : new Uri(path, UriKind.Relative));
        request.Headers.Add(CallerTokens.Header, await host.TokenAsync(caller));
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue(contentType));
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new FhirResponse(
            (int)response.StatusCode, text, response.Headers.ETag?.ToString(), response.Headers.Location?.ToString(),
            response.Headers.ToDictionary(h => h.Key, h => string.Join(",", h.Value), StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>Every page of a search, in order.</summary>
    public async Task<List<JsonNode>> PagesAsync(string path)
    {
        var (found, next) = (new List<JsonNode>(), (string?)path);
        while (next is not null)
        {
            var page = await GetAsync(next);
            Assert.Equal(200, page.Status);
            found.AddRange(page.Resources);
            next = page.Next;
        }

        return found;
    }
}

public sealed record FhirResponse(int Status, string Text, string? ETag, string? Location, IReadOnlyDictionary<string, string> Headers)
{
    public JsonNode Json => JsonNode.Parse(Text)!;

    public string Id => Json["id"]!.ToString();

    public int? Total => (int?)Json["total"];

    public string? Code => Json["issue"]?[0]?["details"]?["coding"]?[0]?["code"]?.ToString();

    public IReadOnlyList<JsonNode> Entries => Json["entry"] is JsonArray entries ? [.. entries.Select(e => e!)] : [];

    public IReadOnlyList<JsonNode> Resources => [.. Entries.Select(e => e["resource"]!)];

    public string? Next => (Json["link"] as JsonArray)?.FirstOrDefault(l => l!["relation"]!.ToString() == "next")?["url"]?.ToString();
}
