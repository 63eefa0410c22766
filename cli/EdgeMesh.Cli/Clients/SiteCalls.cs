using System.CommandLine;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Cli.Terminal;

namespace EdgeMesh.Cli.Clients;

/// <summary>What a site answered.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The body.</param>
internal sealed record SiteAnswer(int Status, byte[] Body)
{
    public bool IsDone => Status is >= 200 and < 300;

    public JsonNode? Json
    {
        get
        {
            try
            {
                return Body.Length == 0 ? null : JsonNode.Parse(Body);
            }
            catch (JsonException)
            {
                return null;
            }
        }
    }

    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>What was wrong and what to do, of problem details.</summary>
    public string Problem => Json is JsonObject problem && problem["title"] is { } title ? $"{title} {problem["detail"]}" : $"The site answered {Status}.";

    /// <summary>Says what the site refused.</summary>
    public int Refuse(Screen screen) => screen.Fail(Problem, Json is JsonObject problem && problem["code"] is { } code ? $"code {code}" : "");
}

/// <summary>Calls over a site's public door.</summary>
internal sealed class SiteCalls(HttpClient http) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Runs with calls to a site of this mesh, by a token of whoever runs the command.</summary>
    /// <param name="options">Which mesh.</param>
    /// <param name="parse">The command line.</param>
    /// <param name="screen">Where faults are told.</param>
    /// <param name="name">The site; null: the core.</param>
    /// <param name="roles">The token's.</param>
    /// <param name="scopes">The token's.</param>
    /// <param name="run">What to do.</param>
    public static async Task<int> RunAsync(MeshOptions options, ParseResult parse, Screen screen, string? name, string[] roles, string[] scopes, Func<SiteCalls, Task<int>> run)
    {
        if (options.Read(parse, screen) is not { } place)
        {
            return ExitCode.Failed;
        }

        if ((name is null ? place.Topology.Sites.First(s => s.IsCore) : place.Topology.FindSite(name)) is not { } site)
        {
            return screen.NoSuchSite(name, place.Topology);
        }

        if (!File.Exists(place.Data.IssuerKey))
        {
            return screen.Fail($"no mesh was ever up with {place.Data.Path}.", "Start it with ./edgemesh up -d");
        }

        using var issuer = DevelopmentIssuer.Open(place.Data, TimeProvider.System);
        var token = issuer.Issue(place.Topology, new TokenRequest { User = Environment.UserName, Site = site.Name, TokenRoles = [.. roles], Scopes = [.. scopes] });
        using var calls = new SiteCalls(SiteClients.Create(place, site, token, Limit));
        try
        {
            return await run(calls);
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            return screen.Fail($"{site.Name} does not answer: {error.Message}", "Is the mesh up? ./edgemesh status");
        }
    }

    public Task<SiteAnswer> GetAsync(string path, CancellationToken cancellation) => SendAsync(HttpMethod.Get, path, null, null, cancellation);

    public Task<SiteAnswer> PutBundleAsync(string function, byte[] file, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Put, $"deployments/{function}/bundle", file, "application/x-tar", cancellation);

    public Task<SiteAnswer> PutDeploymentAsync(string function, string text, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Put, $"deployments/{function}", Encoding.UTF8.GetBytes(text), "text/plain; charset=utf-8", cancellation);

    public async Task<SiteAnswer> SendAsync(HttpMethod method, string path, byte[]? body, string? type, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type!) } };
        }

        using var answer = await http.SendAsync(request, cancellation);
        return new((int)answer.StatusCode, await answer.Content.ReadAsByteArrayAsync(cancellation));
    }

    public void Dispose() => http.Dispose();
}
