using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace EdgeMesh.Sidecar.Http.Pipeline;

/// <summary>The keys of an issuer of tokens, from its own description (<c>/.well-known/openid-configuration</c>) or from where they were said to
/// be. They are fetched again when a token names a key that is not here, and now and then, so that one that was withdrawn goes; while the issuer
/// is away those that are here go on counting.</summary>
internal sealed class IssuerKeys(Uri issuer, Uri? keys, TimeProvider clock) : IDisposable
{
    private const string Description = ".well-known/openid-configuration";
    private const int LongestAnswer = 1 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>No caller can make the sidecar ask more often.</summary>
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(15);

    private readonly HttpClient _client = new() { Timeout = Patience, MaxResponseContentBufferSize = LongestAnswer };
    private readonly SemaphoreSlim _turn = new(1);
    private volatile Fetched _fetched = new(new Dictionary<string, SecurityKey>(), null);

    /// <returns>Null: the issuer has no such key, or could not be asked.</returns>
    public async ValueTask<SecurityKey?> FindAsync(string? id, CancellationToken cancellation)
    {
        if (string.IsNullOrEmpty(id))
        {
            return null;
        }

        var known = _fetched;
        if (known.Keys.GetValueOrDefault(id) is { } key && !IsOlder(known, LongestPause))
        {
            return key;
        }

        await _turn.WaitAsync(cancellation);
        try
        {
            if (ReferenceEquals(known, _fetched) && IsOlder(known, ShortestPause))
            {
                // For all callers: one that gives up must not leave it undone, or whoever hangs up would have the issuer asked without a pause.
                await FetchAsync(CancellationToken.None);
            }
        }
        finally
        {
            _turn.Release();
        }

        return _fetched.Keys.GetValueOrDefault(id);
    }

    /// <returns>Why they can't be had; null: they are here.</returns>
    public async Task<string?> TryFetchAsync(CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            return await FetchAsync(cancellation);
        }
        finally
        {
            _turn.Release();
        }
    }

    private bool IsOlder(Fetched fetched, TimeSpan age) => fetched.At is not { } at || clock.GetElapsedTime(at) >= age;

    private async Task<string?> FetchAsync(CancellationToken cancellation)
    {
        string? failure = null;
        try
        {
            var set = new JsonWebKeySet(await _client.GetStringAsync(keys ?? await DescribedAsync(cancellation), cancellation));
            _fetched = new Fetched(set.GetSigningKeys().Where(k => k.KeyId is not null).DistinctBy(k => k.KeyId, StringComparer.Ordinal).ToDictionary(k => k.KeyId, StringComparer.Ordinal), clock.GetTimestamp());
        }
        catch (Exception error) when (error is HttpRequestException or JsonException or ArgumentException or UriFormatException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            _fetched = new Fetched(_fetched.Keys, clock.GetTimestamp());
            failure = $"the keys of {issuer} can't be had: {error.Message}";
        }

        return failure;
    }

    private async Task<Uri> DescribedAsync(CancellationToken cancellation)
    {
        var about = await _client.GetStringAsync(new Uri(issuer.ToString().TrimEnd('/') + "/" + Description), cancellation);
        using var document = JsonDocument.Parse(about);
        return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("jwks_uri", out var address) && address.ValueKind == JsonValueKind.String
            ? new Uri(address.GetString()!)
            : throw new JsonException($"'{Description}' names no jwks_uri.");
    }

    public void Dispose()
    {
        _client.Dispose();
        _turn.Dispose();
    }

    /// <param name="Keys">By their ids.</param>
    /// <param name="At">When they were last asked for; null: never.</param>
    private sealed record Fetched(IReadOnlyDictionary<string, SecurityKey> Keys, long? At);
}
