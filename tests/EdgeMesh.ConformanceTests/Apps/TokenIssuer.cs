using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.ConformanceTests.Apps;

/// <summary>An OpenID Connect issuer: its description, its keys, and tokens as a test wants them.</summary>
internal sealed class TokenIssuer : IAsyncDisposable
{
    public const string Audience = "conformance";

    private readonly WebApplication _web;
    private readonly RSA _key = RSA.Create(2048);

    private TokenIssuer(WebApplication web) => _web = web;

    public string Url => _web.Urls.First();

    public static async Task<TokenIssuer> StartAsync(CancellationToken cancellation)
    {
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var issuer = new TokenIssuer(builder.Build());
        issuer._web.MapGet("/.well-known/openid-configuration", () => Results.Text($$"""{"issuer":"{{issuer.Url}}","jwks_uri":"{{issuer.Url}}/keys"}""", "application/json"));
        issuer._web.MapGet("/keys", () => Results.Text(issuer.Keys(), "application/json"));
        await issuer._web.StartAsync(cancellation);
        return issuer;
    }

    /// <summary>A token that is valid for ten minutes, but for what <paramref name="changes"/> say; null takes a claim out.</summary>
    public string Token(params (string Name, object? Value)[] changes)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var claims = new Dictionary<string, object?> { ["iss"] = Url, ["aud"] = Audience, ["sub"] = "tester", ["iat"] = now, ["exp"] = now + 600, ["kid"] = "one" };
        foreach (var (name, value) in changes)
        {
            // A number is seconds from now.
            claims[name] = value is int seconds ? now + seconds : value;
        }

        var header = new Dictionary<string, object?> { ["alg"] = "RS256", ["typ"] = "JWT", ["kid"] = claims["kid"] };
        claims.Remove("kid");
        var text = $"{Part(header)}.{Part(claims)}";
        return $"{text}.{Base64(_key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    private string Keys()
    {
        var key = _key.ExportParameters(includePrivateParameters: false);
        return $$"""{"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":"one","n":"{{Base64(key.Modulus!)}}","e":"{{Base64(key.Exponent!)}}"}]}""";
    }

    private static string Part(Dictionary<string, object?> values) => Base64(JsonSerializer.SerializeToUtf8Bytes(values.Where(v => v.Value is not null).ToDictionary()));

    private static string Base64(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync();
        _key.Dispose();
    }
}
