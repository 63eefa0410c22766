using System.Security.Cryptography;
using EdgeMesh.Sidecar.Http.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.Configuration;

/// <summary>When an issuer is asked for its keys.</summary>
public sealed class IssuerKeysTests
{
    private readonly FakeTimeProvider _clock = new();
    private volatile string _key = "one";
    private int _asked;

    [Fact]
    public async Task Find_AKeyThatIsNew_IsFetched_ButNotOftenerThanEveryTenSeconds()
    {
        await using var issuer = await TestApp.StartAsync(AnswerAsync);
        using var keys = new IssuerKeys(issuer.Url, issuer.Url, _clock);
        Assert.NotNull(await keys.FindAsync("one", TestSidecar.Cancellation));
        _key = "two";
        Assert.Null(await keys.FindAsync("two", TestSidecar.Cancellation));
        Assert.Equal(1, _asked);
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.NotNull(await keys.FindAsync("two", TestSidecar.Cancellation));
        Assert.Null(await keys.FindAsync("one", TestSidecar.Cancellation));
        Assert.Equal(2, _asked);
    }

    [Fact]
    public async Task Find_AKeyThatWasWithdrawn_EndsAfterAWhile_AndStaysWhileTheIssuerIsAway()
    {
        var issuer = await TestApp.StartAsync(AnswerAsync);
        using var keys = new IssuerKeys(issuer.Url, issuer.Url, _clock);
        Assert.NotNull(await keys.FindAsync("one", TestSidecar.Cancellation));
        _key = "two";
        await issuer.DisposeAsync();
        _clock.Advance(TimeSpan.FromMinutes(20));
        Assert.NotNull(await keys.FindAsync("one", TestSidecar.Cancellation));

        await using var again = await TestApp.StartAsync(AnswerAsync);
        using var fresh = new IssuerKeys(again.Url, again.Url, _clock);
        _key = "one";
        Assert.NotNull(await fresh.FindAsync("one", TestSidecar.Cancellation));
        _key = "two";
        _clock.Advance(TimeSpan.FromMinutes(20));
        Assert.Null(await fresh.FindAsync("one", TestSidecar.Cancellation));
    }

    [Theory]
    [InlineData("no JSON")]
    [InlineData("{}")]
    [InlineData("""{"jwks_uri":7}""")]
    [InlineData("""{"jwks_uri":"nowhere"}""")]
    public async Task TryFetch_ADescriptionThatSaysNothing_IsAFailureWithTheIssuersName(string description)
    {
        await using var issuer = await TestApp.StartAsync(context => context.Response.WriteAsync(description));
        using var keys = new IssuerKeys(issuer.Url, null, _clock);
        Assert.StartsWith($"the keys of {issuer.Url} can't be had", await keys.TryFetchAsync(TestSidecar.Cancellation), StringComparison.Ordinal);
    }

    private Task AnswerAsync(HttpContext context)
    {
        Interlocked.Increment(ref _asked);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        return context.Response.WriteAsync($$"""{"keys":[{"kty":"EC","use":"sig","kid":"{{_key}}","crv":"P-256","x":"{{Base64(point.X!)}}","y":"{{Base64(point.Y!)}}"}]}""");
    }

    private static string Base64(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
}
