using System.Net;
using EdgeMesh.Sidecar.Resources;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace EdgeMesh.Sidecar.Http.Pipeline;

/// <summary><c>middleware.http.bearer</c>: only calls with a token that the issuer signed for this audience go on; others are answered with 401.</summary>
internal sealed class Bearer : IHttpMiddleware, IDisposable
{
    private const string Scheme = "Bearer ";
    private const int LongestToken = 64 * 1024;

    /// <summary>As daprd's: how far clocks may be apart.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    /// <summary>daprd's fields, and the names that they had before.</summary>
    private static readonly string[][] Fields = [["issuer", "issuerURL"], ["audience", "clientID"], ["jwksURL"]];

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = LongestToken };
    private readonly string _issuer;
    private readonly string _audience;
    private readonly IssuerKeys _keys;
    private readonly TimeProvider _clock;

    private Bearer(string issuer, string audience, Uri? keys, TimeProvider clock) =>
        (_issuer, _audience, _keys, _clock) = (issuer, audience, new IssuerKeys(new Uri(issuer), keys, clock), clock);

    public static Bearer? Create(ComponentResource component, TimeProvider clock, List<string> faults)
    {
        var before = faults.Count;
        foreach (var item in component.Metadata.Where(m => !Fields.Any(f => f.Contains(m.Name, StringComparer.OrdinalIgnoreCase))))
        {
            faults.Add($"{item.Source}: {component.Type} knows issuer, audience and jwksURL, and not '{item.Name}'.");
        }

        string? Value(int field) => component.Metadata.FirstOrDefault(m => Fields[field].Contains(m.Name, StringComparer.OrdinalIgnoreCase) && m.Value is { Length: > 0 })?.Value;
        var (issuer, audience, keys) = (Value(0), Value(1), Value(2));
        if (!IsAddress(issuer) || (keys is not null && !IsAddress(keys)))
        {
            faults.Add($"{component.Source}: {component.Type} '{component.Name}': 'issuer' must be an http or https address, and 'jwksURL' where it is given.");
        }

        if (audience is null)
        {
            faults.Add($"{component.Source}: {component.Type} '{component.Name}': 'audience' is missing.");
        }

        return faults.Count == before ? new Bearer(issuer!, audience!, keys is null ? null : new Uri(keys), clock) : null;
    }

    /// <returns>Why the issuer's keys can't be had; null: they are here.</returns>
    public Task<string?> TryFetchAsync(CancellationToken cancellation) => _keys.TryFetchAsync(cancellation);

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (await IsValidAsync(context.Request.Headers.Authorization.ToString(), context.RequestAborted))
        {
            await next(context);
            return;
        }

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync("Unauthorized");
    }

    public async ValueTask<HttpResponseMessage?> BeforeAppAsync(HttpRequestMessage request, string appId, CancellationToken cancellation)
    {
        var header = request.Headers.NonValidated.TryGetValues("Authorization", out var values) ? values.ToString() : "";
        return await IsValidAsync(header, cancellation) ? null : new HttpResponseMessage(HttpStatusCode.Unauthorized) { Content = new StringContent("Unauthorized") };
    }

    private async ValueTask<bool> IsValidAsync(string header, CancellationToken cancellation)
    {
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || Read(header[Scheme.Length..].Trim()) is not { } token || !IsInTime(token))
        {
            return false;
        }

        if (await _keys.FindAsync(token.Kid, cancellation) is not { } key)
        {
            return false;
        }

        var result = await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = _issuer,
            ValidAudience = _audience,
            IssuerSigningKey = key,
            ValidAlgorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"],

            // By this process's clock, above.
            ValidateLifetime = false,
        });
        return result.IsValid;
    }

    private JsonWebToken? Read(string text)
    {
        try
        {
            return text.Length <= LongestToken && _handler.CanReadToken(text) ? new JsonWebToken(text) : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>A token without a time has no bound, as with daprd.</summary>
    private bool IsInTime(JsonWebToken token)
    {
        var now = _clock.GetUtcNow().UtcDateTime;
        return (!token.TryGetPayloadValue<long>(JwtRegisteredClaimNames.Exp, out _) || token.ValidTo > now - Skew) && token.ValidFrom <= now + Skew && token.IssuedAt <= now + Skew;
    }

    private static bool IsAddress(string? text) => Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https";

    public void Dispose() => _keys.Dispose();
}
