using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CsCheck;
using EdgeMesh.Sidecar.Http.Pipeline;
using EdgeMesh.Sidecar.Resources;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.Fuzz;

/// <summary>Whatever a middleware is configured with and asked: it is refused at the start, or answers.</summary>
public sealed class PipelineTests
{
    private const string Host = "app:1234";

    private static readonly string[] TokenWords =
        ["{", "}", "[", "]", ":", ",", "\"alg\"", "\"none\"", "\"HS256\"", "\"ES256\"", "\"kid\"", "\"one\"", "\"iss\"", "\"aud\"", "\"me\"", "\"exp\"", "99999999999", "1e400", "-1", "null", "\"\\ud800\"", "\"crit\"", "\"zip\"", "\"DEF\"", "\"jku\"", "\"http://127.0.0.1:1/\""];

    private static readonly Gen<string> Routes = Gen.String[Gen.Char["/{}:%2F?#. aé\ud83d\ude00\u0000\\@"], 0, 24].Select(text => "/" + text);
    private static readonly Gen<string> Asked = Gen.String[Gen.Char["/%2Ff.. ?#a{}+é\u0000=&"], 0, 40].Select(text => "/" + text);
    private static readonly Gen<string> Json = Gen.Int[0, TokenWords.Length - 1].Array[0, 12].Select(words => string.Concat(words.Select(w => TokenWords[w])));
    private static readonly Gen<string> Header = OneOf("""{"alg":"ES256","kid":"one"}""", """{"alg":"none","kid":"one"}""", """{"alg":"HS256","kid":"one"}""", """{"alg":"ES256","kid":"one","zip":"DEF"}""");
    private static readonly Gen<string> Claims = OneOf("""{"iss":"ISSUER","aud":"me"}""", """{"iss":"ISSUER","aud":"me","exp":1e400}""", """{"iss":["ISSUER"],"aud":{"me":1}}""");

    private static readonly Gen<string> Tokens = Gen.Select(Gen.OneOf(Header, Json), Gen.OneOf(Claims, Json), Gen.Byte.Array[0, 70], Gen.Int[0, 5]).Select((header, claims, signature, shape) => shape switch
    {
        0 => Base64(header) + "." + Base64(claims),
        1 => header + "." + claims + "." + Base64(signature),
        2 => Base64(header) + "." + Base64(claims) + "." + Base64(signature) + "." + Base64(claims) + "." + Base64(signature),
        _ => Base64(header) + "." + Base64(claims) + "." + Base64(signature),
    });

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    [Fact]
    public Task RouterAlias_AnyRoutesAndPaths_StaysAtItsHost() => Gen.Select(Routes, Routes, Asked).SampleAsync(async (from, to, asked) =>
    {
        var faults = new List<string>();
        if (RouterAlias.Create(Component("middleware.http.routeralias", ("routes", JsonSerializer.Serialize(new Dictionary<string, string> { [from] = to }))), TimeProvider.System, faults) is not { } alias)
        {
            Assert.NotEmpty(faults);
            return;
        }

        foreach (var path in (string[])[from, asked])
        {
            var context = new DefaultHttpContext();
            var routed = new PathString(path.Split('?')[0]);
            (context.Request.Path, context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget) = (routed, path);
            await alias.InvokeAsync(context, _ => Task.CompletedTask);
            Assert.Equal(routed, context.Request.Path);
            Assert.StartsWith("/", context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, StringComparison.Ordinal);

            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://{Host}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
            Assert.Null(await alias.BeforeAppAsync(request, "alpha", TestSidecar.Cancellation));
            Assert.Equal(Host, request.RequestUri!.Authority);
        }
    }, iter: 5000);

    [Fact]
    public async Task Bearer_ATokenThatTheIssuerDidNotSign_Is401()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        var asked = 0;
        await using var issuer = await TestApp.StartAsync(context =>
        {
            Interlocked.Increment(ref asked);
            return context.Response.WriteAsync($$"""{"keys":[{"kty":"EC","use":"sig","kid":"one","crv":"P-256","x":"{{Base64(point.X!)}}","y":"{{Base64(point.Y!)}}"}]}""");
        });
        var faults = new List<string>();
        using var bearer = Bearer.Create(Component("middleware.http.bearer", ("issuer", issuer.Url.ToString()), ("audience", "me"), ("jwksURL", issuer.Url.ToString())), new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60)), faults);
        Assert.Null(await bearer!.TryFetchAsync(TestSidecar.Cancellation));

        async Task<bool> PassesAsync(string token)
        {
            using var request = new HttpRequestMessage();
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
            using var refusal = await bearer.BeforeAppAsync(request, "alpha", TestSidecar.Cancellation);
            return refusal is null;
        }

        var signed = Base64("""{"alg":"ES256","kid":"one"}""") + "." + Base64($$"""{"iss":"{{issuer.Url}}","aud":"me"}""");
        Assert.True(await PassesAsync(signed + "." + Base64(key.SignData(Encoding.UTF8.GetBytes(signed), HashAlgorithmName.SHA256))));
        await Tokens.SampleAsync(async token => Assert.False(await PassesAsync(token.Replace("ISSUER", issuer.Url.ToString(), StringComparison.Ordinal))), iter: 3000);
        Assert.InRange(Volatile.Read(ref asked), 1, 2);
    }

    private static string Base64(string text) => Base64(Encoding.UTF8.GetBytes(text));

    private static string Base64(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    private static ComponentResource Component(string type, params (string Name, string Value)[] fields) => new("mine", type, "v1", "r.yaml:1")
    {
        TypeSource = "r.yaml:1", Text = "", Metadata = [.. fields.Select(f => new MetadataItem(f.Name, f.Value, null, null, "r.yaml:2"))],
    };
}
