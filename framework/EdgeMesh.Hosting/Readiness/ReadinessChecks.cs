using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EdgeMesh.Hosting;

/// <summary>What every service waits for.</summary>
internal static class ReadinessChecks
{
    private const int LongestReason = 2000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <summary>The stores that roll a transaction back under a stale ETag, measured on both engines (HeadsSuite of the conformance tests).
    /// Redis writes the other operations all the same; Cassandra has neither transactions nor ETags.</summary>
    private static readonly string[] HeadsTypes = ["state.sqlite/v1", "state.postgresql/v2", "state.in-memory/v1"];

    public static void Add(IServiceCollection services)
    {
        services.AddReadiness("sidecar", SidecarAsync);
        services.AddReadiness("heads", HeadsAsync);
        services.AddReadiness("host", (provider, _) => Task.FromResult(
            provider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested ? "it is stopping" : null));
    }

    private static async Task<string?> SidecarAsync(IServiceProvider provider, CancellationToken cancellation)
    {
        using var client = provider.GetRequiredService<AppClients>().Sidecar(Limit);
        try
        {
            using var answer = await client.GetAsync("healthz", cancellation);
            return answer.IsSuccessStatusCode ? null : $"the sidecar at {client.BaseAddress} answers {(int)answer.StatusCode}{Reason(await answer.Content.ReadAsStringAsync(cancellation))}";
        }
        catch (Exception error) when (error is HttpRequestException || (error is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            return $"the sidecar at {client.BaseAddress} does not answer";
        }
    }

    /// <summary>What Dapr's error body says, such as which component is not open; nothing where there is none.</summary>
    private static string Reason(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.TryGetProperty("message", out var message) && message.GetString() is { Length: > 0 } text ? ": " + text[..Math.Min(text.Length, LongestReason)] : "";
        }
        catch (JsonException)
        {
            return "";
        }
    }

    /// <summary>Who keeps heads in a store without all-or-nothing transactions loses data, silently: so such a site never gets ready.</summary>
    private static async Task<string?> HeadsAsync(IServiceProvider provider, CancellationToken cancellation)
    {
        using var client = provider.GetRequiredService<AppClients>().Sidecar(Limit);
        try
        {
            using var answer = await client.GetAsync("metadata", cancellation);
            return answer.IsSuccessStatusCode ? Refusal(await answer.Content.ReadAsStringAsync(cancellation)) : null;
        }
        catch (Exception error) when (error is HttpRequestException || (error is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            // The check of the sidecar says so already.
            return null;
        }
    }

    /// <summary>Null: the component fits, or there is none.</summary>
    internal static string? Refusal(string metadata)
    {
        using var json = JsonDocument.Parse(metadata);
        if (!json.RootElement.TryGetProperty("components", out var components) || components.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        var heads = components.EnumerateArray().Where(c => c.GetProperty("name").GetString() == "heads")
            .Select(c => $"{c.GetProperty("type").GetString()}/{c.GetProperty("version").GetString()}").FirstOrDefault();
        return heads is null || HeadsTypes.Contains(heads)
            ? null
            : $"component 'heads' is {heads}, whose transactions are not all or nothing under a stale ETag. Use one of {string.Join(", ", HeadsTypes)}.";
    }
}
