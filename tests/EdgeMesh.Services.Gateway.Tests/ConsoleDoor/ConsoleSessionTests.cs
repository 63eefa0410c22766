using System.Net;
using System.Net.WebSockets;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Gateway.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;

namespace EdgeMesh.Services.Gateway.Tests.ConsoleDoor;

public sealed class ConsoleSessionTests : IAsyncLifetime
{
    private const string Cookie = "__Host-edgemesh-clinic-a";
    private readonly TestIssuer _issuer = new();
    private ConsoleStandIn _console = null!;
    private GatewaySite _site = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Origin => _site.PublicDoor.GetLeftPart(UriPartial.Authority);

    public async ValueTask InitializeAsync()
    {
        _console = await ConsoleStandIn.StartAsync();
        _site = await GatewaySite.StartAsync("clinic-a", new TestMeshAuthority(), _issuer, settings: ("ConsoleUrl", _console.Url));
    }

    public async ValueTask DisposeAsync()
    {
        await _site.DisposeAsync();
        await _console.DisposeAsync();
    }

    [Fact]
    public async Task Get_WithoutASession_LeadsABrowserToSignIn_AndBackToWhatItAsked()
    {
        using var answer = await SendAsync(HttpMethod.Get, "/console/logs?q=a+b", ("Accept", "text/html"));

        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.Equal("/console/sign-in?next=%2Fconsole%2Flogs%3Fq%3Da%2Bb", answer.Headers.Location!.OriginalString);
        Assert.Empty(_console.Requests);
    }

    [Theory]
    [InlineData("/console/logs")]
    [InlineData("/console/_blazor")]
    [InlineData("/console/_blazor/negotiate")]
    public async Task Get_WithoutASession_TellsProgramsThatATokenIsMissing(string path)
    {
        using var answer = await SendAsync(HttpMethod.Get, path);

        Assert.Equal((HttpStatusCode.Unauthorized, "token-missing"), await answer.FaultAsync());
        Assert.Empty(_console.Requests);
    }

    [Theory]
    [InlineData("/console/sign-in")]
    [InlineData("/console/assets/abc/base.css")]
    public async Task Get_OfWhatIsOpen_NeedsNoSession(string path)
    {
        using var answer = await SendAsync(HttpMethod.Get, path);

        Assert.Equal("a page", await answer.Content.ReadAsStringAsync(Cancellation));
        Assert.Contains("script-src 'self'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SignIn_WithAGoodToken_MakesACookieThatNoScriptReads_AndTheConsoleKnowsTheCaller()
    {
        using var signedIn = await SignInAsync(_issuer.Token(), "/console/alerts?site=core");
        var cookie = signedIn.Headers.GetValues("Set-Cookie").Single();

        Assert.Equal((HttpStatusCode.SeeOther, "/console/alerts?site=core"), (signedIn.StatusCode, signedIn.Headers.Location!.OriginalString));
        Assert.StartsWith(Cookie + "=", cookie, StringComparison.Ordinal);
        foreach (var attribute in (string[])["httponly", "secure", "samesite=lax", "path=/", "max-age="])
        {
            Assert.Contains(attribute, cookie, StringComparison.OrdinalIgnoreCase);
        }

        using var page = await SendAsync(HttpMethod.Get, "/console/alerts?site=core", ("Cookie", cookie.Split(';')[0]), ("Authorization", "Bearer other"), (CallerTokens.Header, "forged"));
        var seen = Assert.Single(_console.Requests);
        Assert.Equal((HttpStatusCode.OK, "/console/alerts?site=core"), (page.StatusCode, seen.Target));
        Assert.DoesNotContain("Cookie", seen.Headers.Keys);
        Assert.DoesNotContain("Authorization", seen.Headers.Keys);
        var caller = await CallerAsync(seen.Headers[CallerTokens.Header]);
        Assert.Equal(("dr-jones", "practitioner"), (caller!.Subject, caller.Roles[0]));
    }

    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData("//evil.example/")]
    [InlineData("/fhir/Patient")]
    [InlineData("/console/\\evil.example")]
    [InlineData("/console/session/end")]
    [InlineData("")]
    public async Task SignIn_WithANextThatIsNoPageOfTheConsole_LeadsToTheFirstPage(string next)
    {
        using var answer = await SignInAsync(_issuer.Token(), next);

        Assert.Equal("/console/", answer.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task SignIn_WithABadToken_SaysWhy_AndMakesNoSession()
    {
        var claims = TestIssuer.Claims();
        claims["exp"] = TimeProvider.System.GetUtcNow().AddHours(-1).ToUnixTimeSeconds();
        using var expired = await SignInAsync(_issuer.Sign(claims));
        using var nonsense = await SignInAsync("nonsense");
        using var tooLong = await SignInAsync(new string('a', 3801));

        Assert.Equal("/console/sign-in?fault=token-expired&next=%2Fconsole%2F", expired.Headers.Location!.OriginalString);
        Assert.Equal("/console/sign-in?fault=token-malformed&next=%2Fconsole%2F", nonsense.Headers.Location!.OriginalString);
        Assert.Equal("/console/sign-in?fault=token-too-long&next=%2Fconsole%2F", tooLong.Headers.Location!.OriginalString);
        Assert.All([expired, nonsense, tooLong], a => Assert.False(a.Headers.Contains("Set-Cookie")));
    }

    [Theory]
    [InlineData("/console/session")]
    [InlineData("/console/session/end")]
    [InlineData("/console/_blazor/negotiate")]
    public async Task Post_FromAnotherSitesPage_IsRefused(string path)
    {
        using var foreign = await SendAsync(HttpMethod.Post, path, ("Origin", "https://evil.example"), ("Cookie", $"{Cookie}={_issuer.Token()}"));
        using var silent = await SendAsync(HttpMethod.Post, path, ("Cookie", $"{Cookie}={_issuer.Token()}"));

        Assert.Equal((HttpStatusCode.Forbidden, "origin-not-allowed"), await foreign.FaultAsync());
        Assert.Equal((HttpStatusCode.Forbidden, "origin-not-allowed"), await silent.FaultAsync());
        Assert.Empty(_console.Requests);
    }

    [Fact]
    public async Task SignOut_ForgetsTheCookie()
    {
        using var answer = await SendAsync(HttpMethod.Post, "/console/session/end", ("Origin", Origin), ("Cookie", $"{Cookie}={_issuer.Token()}"));

        Assert.Equal((HttpStatusCode.SeeOther, "/console/sign-in"), (answer.StatusCode, answer.Headers.Location!.OriginalString));
        Assert.StartsWith($"{Cookie}=; expires=Thu, 01 Jan 1970", answer.Headers.GetValues("Set-Cookie").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_WhileTheConsoleIsAway_IsAnsweredAsSuch()
    {
        await _console.DisposeAsync();

        using var answer = await SendAsync(HttpMethod.Get, "/console/", ("Cookie", $"{Cookie}={_issuer.Token()}"));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "service-unavailable"), await answer.FaultAsync());
    }

    [Fact]
    public async Task Get_AtASiteWithoutAConsole_IsUnknown()
    {
        await using var other = await GatewaySite.StartAsync("clinic-a", new TestMeshAuthority(), _issuer);
        using var client = other.Client();

        using var answer = await client.AskAsync("/console/");

        Assert.Equal((HttpStatusCode.NotFound, "route-unknown"), await answer.FaultAsync());
    }

    [Fact]
    public async Task Live_WithASession_GoesBothWays()
    {
        using var socket = await ConnectAsync(_issuer.Token(), Origin);

        await socket.SendAsync("ping"u8.ToArray(), WebSocketMessageType.Text, true, Cancellation);
        var buffer = new byte[16];
        var heard = await socket.ReceiveAsync(buffer, Cancellation);

        Assert.Equal("ping", System.Text.Encoding.ASCII.GetString(buffer, 0, heard.Count));
        Assert.Equal("dr-jones", (await CallerAsync(Assert.Single(_console.Requests).Headers[CallerTokens.Header]))!.Subject);
    }

    [Theory]
    [InlineData(null, true, HttpStatusCode.Unauthorized)]
    [InlineData("https://evil.example", false, HttpStatusCode.Forbidden)]
    [InlineData("", false, HttpStatusCode.Forbidden)]
    public async Task Live_WithoutASessionOrFromAnotherSitesPage_IsRefused(string? origin, bool isSignedOut, HttpStatusCode status)
    {
        using var socket = new ClientWebSocket();

        var error = await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(socket, isSignedOut ? null : _issuer.Token(), origin ?? Origin));

        Assert.Equal((WebSocketError.NotAWebSocket, status), (error.WebSocketErrorCode, socket.HttpStatusCode));
        Assert.Empty(_console.Requests);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Live_WhenTheTokenExpires_Ends()
    {
        var claims = TestIssuer.Claims();
        // What is over for up to half a minute still counts: this one is good for fifteen seconds, time enough to connect on a slow machine.
        claims["exp"] = TimeProvider.System.GetUtcNow().AddSeconds(-15).ToUnixTimeSeconds();
        using var socket = await ConnectAsync(_issuer.Sign(claims), Origin);
        await socket.SendAsync("ping"u8.ToArray(), WebSocketMessageType.Text, true, Cancellation);
        Assert.Equal(4, (await socket.ReceiveAsync(new byte[16], Cancellation)).Count);

        var end = await Record.ExceptionAsync(async () => await socket.ReceiveAsync(new byte[16], Cancellation));

        Assert.True(end is WebSocketException || socket.State != WebSocketState.Open, $"{end} {socket.State}");
    }

    private async Task<ClientWebSocket> ConnectAsync(string token, string origin)
    {
        var socket = new ClientWebSocket();
        await ConnectAsync(socket, token, origin);
        return socket;
    }

    private Task ConnectAsync(ClientWebSocket socket, string? token, string origin)
    {
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        if (origin.Length > 0)
        {
            socket.Options.SetRequestHeader("Origin", origin);
        }

        if (token is not null)
        {
            socket.Options.SetRequestHeader("Cookie", $"{Cookie}={token}");
        }

        return socket.ConnectAsync(new UriBuilder(_site.PublicDoor) { Scheme = "wss", Path = "/console/_blazor" }.Uri, Cancellation);
    }

    private Task<HttpResponseMessage> SignInAsync(string token, string next = "") => SendAsync(
        HttpMethod.Post, "/console/session", new FormUrlEncodedContent([new("token", token), new("next", next)]), ("Origin", Origin));

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, params (string Name, string Value)[] headers) => SendAsync(method, path, null, headers);

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } });
        using var request = new HttpRequestMessage(method, new Uri(_site.PublicDoor, path)) { Content = content };
        foreach (var (name, value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        var answer = await client.SendAsync(request, Cancellation);
        await answer.Content.LoadIntoBufferAsync(Cancellation);
        return answer;
    }

    private async Task<Caller?> CallerAsync(string statement)
    {
        var services = _site.Host.Services(GatewayApp.AppId);
        var key = await services.GetRequiredService<SiteSecrets>().GetAsync(SiteSecrets.CallerVerifyKey, Cancellation);
        return await services.GetRequiredService<CallerTokens>().VerifyAsync(statement, "clinic-a", key);
    }
}
