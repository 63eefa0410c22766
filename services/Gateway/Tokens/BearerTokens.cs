using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Gateway.Credentials;
using EdgeMesh.Services.Gateway.Errors;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace EdgeMesh.Services.Gateway.Tokens;

/// <summary>Who a bearer token says that its holder is and until when (UTC), or why it is not believed.</summary>
internal readonly record struct TokenVerdict(Caller? Caller, Refusal? Refusal, DateTime Until = default);

/// <summary>Verifies bearer tokens of the configured issuers. Claims: <c>sub</c>, <c>roles</c>, <c>scope</c> (or <c>scp</c>),
/// <c>purpose</c>, <c>patient</c>, and <c>site</c>, which limits the sites where the token is good.</summary>
internal sealed class BearerTokens(CredentialsLoader credentials, GatewayOptions options, SiteIdentity identity, TimeProvider clock)
{
    private const int TokenLimit = 8 * 1024;
    private const int CacheLimit = 4096;
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = TokenLimit };
    private readonly ConcurrentDictionary<string, (Caller Caller, DateTime Until)> _verified = new(StringComparer.Ordinal);

    public async ValueTask<TokenVerdict> VerifyAsync(string text)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        if (_verified.TryGetValue(text, out var known) && known.Until > now)
        {
            return new TokenVerdict(known.Caller, null, known.Until);
        }

        if (Read(text) is not { } token)
        {
            return new TokenVerdict(null, TokenFaults.Malformed);
        }

        // Signature first: what a token says is believed, also about its age, only once it is known who said it.
        var refusal = await CheckSignatureAsync(token) ?? CheckClaims(token, now);
        if (refusal is not null || Caller(token) is not { } caller)
        {
            return new TokenVerdict(null, refusal ?? TokenFaults.Malformed);
        }

        if (_verified.Count >= CacheLimit)
        {
            _verified.Clear();
        }

        var until = token.ValidTo + Skew;
        _verified[text] = (caller, until);
        return new TokenVerdict(caller, null, until);
    }

    private JsonWebToken? Read(string text)
    {
        try
        {
            return text.Length <= TokenLimit && _handler.CanReadToken(text) ? new JsonWebToken(text) : null;
        }
        catch (Exception error) when (error is ArgumentException or SecurityTokenException or JsonException or FormatException)
        {
            return null;
        }
    }

    private async ValueTask<Refusal?> CheckSignatureAsync(JsonWebToken token)
    {
        var issuers = credentials.Current.Issuers;
        if (!issuers.Knows(token.Issuer))
        {
            return TokenFaults.WrongIssuer;
        }

        // A critical header that we do not understand would have to be understood (RFC 7515, 4.1.11); we understand none.
        var keys = issuers.Find(token.Issuer, token.Kid, token.Alg);
        if (keys.Count == 0 || token.TryGetHeaderValue<object>("crit", out _))
        {
            return TokenFaults.Forged;
        }

        var result = await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            IssuerSigningKeys = keys.Select(k => k.Key),
            ValidAlgorithms = [keys[0].Algorithm],
            RequireSignedTokens = true,
            ValidateIssuer = false,
            ValidateAudience = false,
            ValidateLifetime = false,
        });
        return result.IsValid ? null : TokenFaults.Forged;
    }

    private Refusal? CheckClaims(JsonWebToken token, DateTime now)
    {
        if (token.ValidTo == DateTime.MinValue)
        {
            return TokenFaults.Malformed;
        }

        if (token.ValidTo + Skew <= now)
        {
            return TokenFaults.Expired;
        }

        if (token.ValidFrom > DateTime.MinValue + Skew && token.ValidFrom - Skew > now)
        {
            return TokenFaults.NotYet;
        }

        if (!token.Audiences.Any(a => a.TrimEnd('/') == options.Audience))
        {
            return TokenFaults.WrongAudience;
        }

        return Values(token, "site") is { IsEmpty: false } sites && !sites.Contains(identity.Site) ? TokenFaults.WrongSite : null;
    }

    private Caller? Caller(JsonWebToken token) => string.IsNullOrEmpty(token.Subject) ? null : new Caller
    {
        Kind = CallerKind.User,
        Subject = token.Subject,
        Site = identity.Site,
        Roles = Values(token, "roles"),
        Scopes = Values(token, "scope") is { IsEmpty: false } scopes ? scopes : Values(token, "scp"),
        Purpose = Values(token, "purpose") is [var purpose, ..] ? purpose : "TREAT",
        Patient = Values(token, "patient") is [var patient] ? patient : null,
    };

    /// <summary>A claim that issuers write as a list, or as one string parted by blanks.</summary>
    private static ImmutableArray<string> Values(JsonWebToken token, string name) =>
        [.. token.Claims.Where(c => c.Type == name).SelectMany(c => c.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
}
