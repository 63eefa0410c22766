using System.Collections.Concurrent;
using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace EdgeMesh.Hosting;

/// <summary>Signs and verifies caller tokens: ES256 JWTs of at most a minute, issued by a gateway, checked by the services of its site
/// and, for forwarded user claims, by other sites.</summary>
public sealed class CallerTokens(TimeProvider clock)
{
    /// <summary>The header that carries the token between the gateway and services.</summary>
    public const string Header = "X-EdgeMesh-Caller";

    /// <summary>The header that carries user claims signed by the gateway of the site that forwards a user's read.</summary>
    public const string ForwardedHeader = "X-EdgeMesh-Forwarded-Caller";

    private const string Audience = "edgemesh";
    private const int CacheLimit = 4096;
    private const int TokenLimit = 16 * 1024;
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };
    private readonly ConcurrentDictionary<(string Token, string Issuer, string Key), (Caller Caller, DateTimeOffset Until)> _verified = new();
    private readonly ConcurrentDictionary<string, ECDsaSecurityKey> _keys = new(StringComparer.Ordinal);

    /// <summary>Makes a token for a caller.</summary>
    /// <param name="caller">The verified caller.</param>
    /// <param name="issuer">The site that states it.</param>
    /// <param name="privateKey">That site's P-256 private key, PEM.</param>
    public string Sign(Caller caller, string issuer, string privateKey)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        var claims = new Dictionary<string, object>
        {
            ["sub"] = caller.Subject,
            ["kind"] = caller.Kind.ToString(),
            ["site"] = caller.Site,
            ["roles"] = caller.Roles.ToArray(),
            ["scope"] = string.Join(' ', caller.Scopes),
            ["purpose"] = caller.Purpose,
        };
        if (caller.Patient is { } patient)
        {
            claims["patient"] = patient;
        }

        if (caller.ForwardedBy is { } forwardedBy)
        {
            claims["fwd"] = forwardedBy;
        }

        return _handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer,
            Audience = Audience,
            IssuedAt = now,
            NotBefore = now,
            Expires = now + Lifetime,
            Claims = claims,
            SigningCredentials = new SigningCredentials(Key(privateKey), SecurityAlgorithms.EcdsaSha256),
        });
    }

    /// <summary>The caller that a token states; null when it is forged, expired, or of another issuer.</summary>
    /// <param name="token">The header's value.</param>
    /// <param name="issuer">The site that must have issued it.</param>
    /// <param name="publicKey">That site's P-256 public key, PEM.</param>
    public async ValueTask<Caller?> VerifyAsync(string token, string issuer, string publicKey)
    {
        var now = clock.GetUtcNow();
        if (_verified.TryGetValue((token, issuer, publicKey), out var known))
        {
            return known.Until > now ? known.Caller : null;
        }

        if (token.Length > TokenLimit)
        {
            return null;
        }

        var result = await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = issuer,
            ValidAudience = Audience,
            ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
            IssuerSigningKey = Key(publicKey),
            RequireExpirationTime = true,
            RequireSignedTokens = true,
            // The library reads the machine's clock; ours can be moved, so lifetime is checked here.
            LifetimeValidator = (from, until, _, _) => until is { } end && end + Skew > now.UtcDateTime && !(from - Skew > now.UtcDateTime),
        });
        if (!result.IsValid || Read(result.ClaimsIdentity) is not { } caller)
        {
            return null;
        }

        if (_verified.Count >= CacheLimit)
        {
            _verified.Clear();
        }

        _verified[(token, issuer, publicKey)] = (caller, result.SecurityToken.ValidTo + Skew);
        return caller;
    }

    private ECDsaSecurityKey Key(string pem) => _keys.GetOrAdd(pem, text =>
    {
        var key = ECDsa.Create();
        key.ImportFromPem(text);
        return new ECDsaSecurityKey(key);
    });

    private static Caller? Read(ClaimsIdentity identity)
    {
        if (identity.FindFirst("sub")?.Value is not { } subject
            || identity.FindFirst("site")?.Value is not { } site
            || !Enum.TryParse<CallerKind>(identity.FindFirst("kind")?.Value, out var kind) || !Enum.IsDefined(kind))
        {
            return null;
        }

        return new Caller
        {
            Kind = kind,
            Subject = subject,
            Site = site,
            Roles = [.. identity.FindAll("roles").Select(c => c.Value)],
            Scopes = [.. (identity.FindFirst("scope")?.Value ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries)],
            Purpose = identity.FindFirst("purpose")?.Value ?? "TREAT",
            Patient = identity.FindFirst("patient")?.Value,
            ForwardedBy = identity.FindFirst("fwd")?.Value,
        };
    }
}
