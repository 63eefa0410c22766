using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dapr.Client;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>Looks at this site: its services, its disk, its configuration. What does not answer is reported as such, and keeps nobody waiting.</summary>
internal sealed class SiteProbe(AppClients apps, DaprClient dapr, SiteIdentity identity, MeshDirectory directory, FleetOptions options)
{
    private const int LongestText = 200;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);

    /// <summary>The site's services, asked at the same time.</summary>
    public async Task<ImmutableArray<ServiceHealth>> ServicesAsync(CancellationToken cancellation) =>
        [.. await Task.WhenAll(options.Services.Select(s => AskAsync(s, cancellation)))];

    /// <summary>The disk of the site's folder.</summary>
    public DiskRoom Disk()
    {
        try
        {
            var drive = new DriveInfo(identity.DataDirectory);
            return new(drive.AvailableFreeSpace, drive.TotalSize);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new(0, 0);
        }
    }

    /// <summary>Hashes of what should be the same at every site: which components there are, the mesh's sites and keys, the alert rules.</summary>
    public async Task<ImmutableSortedDictionary<string, string>> ConfigurationAsync(string rules, CancellationToken cancellation)
    {
        var parts = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        parts["mesh"] = Hash(directory.Sites.Select(s =>
            $"{s.Name} {s.Organization} {Convert.ToHexString(s.ExchangeKey.Span)} {s.LedgerKey} {s.CallerKey} {s.IsCore}"));
        parts["rules"] = Hash([rules]);
        if (await ComponentsAsync(cancellation) is { } components)
        {
            parts["components"] = Hash(components);
        }

        return parts.ToImmutable();
    }

    private async Task<IEnumerable<string>?> ComponentsAsync(CancellationToken cancellation)
    {
        using var limited = Limited(cancellation);
        try
        {
            var metadata = await dapr.GetMetadataAsync(limited.Token);
            return metadata.Components.Select(c => $"{c.Name} {c.Type} {c.Version}").Order(StringComparer.Ordinal);
        }
        catch (Exception error) when (error is Dapr.DaprException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }

    private async Task<ServiceHealth> AskAsync(string service, CancellationToken cancellation)
    {
        using var limited = Limited(cancellation);
        try
        {
            using var client = apps.Get(service, Limit);
            using var answer = await client.GetAsync("readyz", HttpCompletionOption.ResponseHeadersRead, limited.Token);
            var version = answer.Headers.TryGetValues(HealthHeaders.Version, out var values) ? Cut(values.First()) : "";
            return new(service, version, answer.IsSuccessStatusCode ? null : Cut(Reason(await answer.Content.ReadAsStringAsync(limited.Token))));
        }
        catch (Exception error) when (error is HttpRequestException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return new(service, "", "it does not answer");
        }
    }

    private static CancellationTokenSource Limited(CancellationToken cancellation)
    {
        // Other processes answer in their own time, whatever clock a test gave to this service.
        var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(Limit);
        return limited;
    }

    /// <summary>What the service waits for, by its own word.</summary>
    private static string Reason(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.TryGetProperty("waitingFor", out var waits) && waits.ValueKind == JsonValueKind.Array
                ? string.Join("; ", waits.EnumerateArray().Select(w => $"{w.GetProperty("name")}: {w.GetProperty("reason")}"))
                : "it does not answer";
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return "it does not answer";
        }
    }

    private static string Cut(string text) => text.Length <= LongestText ? text : text[..LongestText];

    private static string Hash(IEnumerable<string> lines) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines))))[..16];
}
