using EdgeMesh.Sidecar.MutualTls;
using EdgeMesh.Sidecar.Resources;
using EdgeMesh.Sidecar.Sidecars;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.MutualTls;

/// <summary>Sidecars with certificates, and without.</summary>
public sealed class MutualTlsTests : IDisposable
{
    private readonly string _folder = TestSidecar.TemporaryFolder();
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UnixEpoch.AddYears(60));

    [Fact]
    public async Task Invoke_WithCertificates_IsAllowedByWhoTheCallerIs()
    {
        await using var sentry = await FakeSentry.StartAsync(_clock);
        await using var app = await TestApp.StartAsync();
        await using var callee = await StartAsync("beta", sentry, app.Url, more: "\n  accessControl: { defaultAction: deny, policies: [{ appId: alpha, defaultAction: allow }] }");
        await using var alpha = await StartAsync("alpha", sentry);
        await using var gamma = await StartAsync("gamma", sentry);
        Assert.Contains("dapr-caller-app-id: alpha", await InvokeAsync(alpha, "alpha").TextAsync(), StringComparison.Ordinal);
        Assert.Equal(
            (403, "ERR_DIRECT_INVOKE", "failed to invoke, id: beta, err: rpc error: code = PermissionDenied desc = access control policy has denied access to id: spiffe://public/ns/core/gamma operation: x verb: GET"),
            await InvokeAsync(gamma, "gamma").FaultAsync());
        Assert.Equal([("alpha", "core"), ("beta", "core"), ("gamma", "core")], sentry.Asked.Order());
    }

    [Fact]
    public async Task Invoke_BetweenAppsOfOneProcess_IsAllowedByWhoTheCertificateSays()
    {
        await using var sentry = await FakeSentry.StartAsync(_clock);
        await using var app = await TestApp.StartAsync();
        var file = await ConfigurationAsync("process", "\n  accessControl: { defaultAction: deny, trustDomain: elsewhere, policies: [{ appId: alpha, trustDomain: public, defaultAction: allow }] }");
        await using var sidecar = await TestSidecar.StartAsync(
            apps: new Dictionary<string, Uri?> { ["alpha"] = null, ["beta"] = app.Url }, change: o => o with { ConfigurationPaths = [file], Clock = _clock, MutualTls = Setting(sentry) });
        Assert.Equal(200, await InvokeAsync(sidecar, "alpha").StatusAsync());
    }

    [Fact]
    public async Task Invoke_TheOtherHasNoCertificate_FailsAndSaysSo()
    {
        await using var sentry = await FakeSentry.StartAsync(_clock);
        await using var app = await TestApp.StartAsync();
        await using var callee = await StartAsync("beta", null, app.Url);
        await using var caller = await StartAsync("alpha", sentry);
        Assert.Contains("perhaps mutual TLS (--enable-mtls) is off there", await FailureAsync(caller), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invoke_WithoutACertificate_FailsAndSaysSo()
    {
        await using var sentry = await FakeSentry.StartAsync(_clock);
        await using var app = await TestApp.StartAsync();
        await using var callee = await StartAsync("beta", sentry, app.Url);
        await using var caller = await StartAsync("alpha", null);
        Assert.Contains("perhaps mutual TLS (--enable-mtls) is on there, and off here", await FailureAsync(caller), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invoke_ASidecarOfAnotherSentry_IsRefusedOnBothSides()
    {
        await using var sentry = await FakeSentry.StartAsync(_clock);
        await using var other = await FakeSentry.StartAsync(_clock);
        await using var app = await TestApp.StartAsync();
        var log = new LogLines();
        await using var callee = await StartAsync("beta", other, app.Url, log);
        await using var caller = await StartAsync("alpha", sentry);
        Assert.Contains("its certificate is not signed by a trust anchor", await FailureAsync(caller), StringComparison.Ordinal);

        // One that trusts both reaches the other, and is turned away there.
        await using var trusting = await StartAsync("gamma", sentry, change: tls => tls with { TrustAnchors = sentry.Anchors + "\n" + other.Anchors });
        SayAgain("beta");
        Assert.Contains("perhaps it refuses this certificate", await FailureAsync(trusting, "gamma"), StringComparison.Ordinal);
        await log.SeeAsync("The internal port of beta refused a caller", TestSidecar.Cancellation);
    }

    [Fact]
    public async Task Invoke_AnotherAppIsAtTheAddress_IsRefused()
    {
        await using var sentry = await FakeSentry.StartAsync(_clock);
        await using var app = await TestApp.StartAsync();
        await using var impostor = await StartAsync("gamma", sentry, app.Url);
        await using var caller = await StartAsync("alpha", sentry);
        using (var names = Names())
        {
            names.Register("false", names.Find("gamma")!, "beta");
        }

        Assert.Contains("unexpected SPIFFE ID: spiffe://public/ns/core/gamma", await FailureAsync(caller), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invoke_AfterHalfACertificatesLife_GoesOnWithANewOne()
    {
        await using var sentry = await FakeSentry.StartAsync(_clock);
        await using var app = await TestApp.StartAsync();
        var log = new LogLines();
        await using var callee = await StartAsync("beta", sentry, app.Url, log);
        await using var caller = await StartAsync("alpha", sentry, log: log);
        Assert.Equal(200, await InvokeAsync(caller, "alpha").StatusAsync());
        _clock.Advance(FakeSentry.Life / 2);
        await log.SeeAsync("has a new certificate", TestSidecar.Cancellation);
        await log.SeeAsync("has a new certificate", TestSidecar.Cancellation);

        // The first ones have ended by then, and the second are good.
        _clock.Advance(FakeSentry.Life / 2 - TimeSpan.FromMinutes(10));
        _clock.Advance(TimeSpan.FromMinutes(11));
        SayAgain("beta");
        Assert.Equal(200, await InvokeAsync(caller, "alpha").StatusAsync());
    }

    [Fact]
    public async Task Certificates_ThatAreHalfOverWhenTheyCome_AreRenewedAfterAPauseEach()
    {
        // As sentry's clock says: it signs for a quarter of an hour that is past, and these ten minutes.
        await using var sentry = new FakeSentry(_clock) { LifeOfEach = TimeSpan.FromMinutes(10) };
        await sentry.ListenAsync();
        var log = new LogLines();
        await using (await StartAsync("alpha", sentry, log: log))
        {
            await log.SeeAsync("has a new certificate", TestSidecar.Cancellation);
            for (var renewals = 0; renewals < 3; renewals++)
            {
                var seen = log.SeeAsync("has a new certificate", TestSidecar.Cancellation);
                Assert.False(seen.IsCompleted);
                await PassAsync(seen);
            }
        }

        // The first, the one after it, and one more at least a minute after each.
        Assert.Equal(5, sentry.Asked.Count);
    }

    [Fact]
    public async Task Invoke_WithACertificateThatEnded_FailsAndSaysThatSentryIsAway()
    {
        await using var sentry = await FakeSentry.StartAsync(_clock);
        await using var app = await TestApp.StartAsync();
        var log = new LogLines();
        await using var callee = await StartAsync("beta", sentry, app.Url);
        await using var caller = await StartAsync("alpha", sentry, log: log);
        await sentry.DisposeAsync();
        _clock.Advance(FakeSentry.Life + TimeSpan.FromSeconds(1));
        await log.SeeAsync("does not renew the certificate of 'alpha'", TestSidecar.Cancellation);
        SayAgain("beta");
        Assert.Contains($"sentry at {sentry.Address} did not renew it", await FailureAsync(caller), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_SentryIsAway_WaitsForIt()
    {
        await using var sentry = new FakeSentry(_clock);
        await sentry.ListenAsync();
        await sentry.DisposeAsync();
        var log = new LogLines();
        var start = StartAsync("alpha", sentry, log: log);
        await log.SeeAsync($"sentry at {sentry.Address} gives 'alpha' no certificate yet: Connection refused", TestSidecar.Cancellation);
        Assert.False(start.IsCompleted);
        await sentry.ListenAsync();
        await PassAsync(start);
        await using var sidecar = await start;
        Assert.Equal("alpha", Assert.Single(sentry.Asked).App);
    }

    [Fact]
    public async Task Start_SentryRefuses_EndsAndSaysWhy()
    {
        await using var sentry = await FakeSentry.StartAsync(_clock);
        sentry.Refusal = new global::Grpc.Core.RpcException(new global::Grpc.Core.Status(global::Grpc.Core.StatusCode.PermissionDenied, "no such app"));
        var error = await Assert.ThrowsAsync<SidecarConfigurationException>(() => StartAsync("alpha", sentry));
        Assert.Equal([$"sentry at {sentry.Address} gives 'alpha' no certificate: PermissionDenied: no such app"], error.Faults);
    }

    [Theory]
    [InlineData(true, "its certificate is not signed by a trust anchor")]
    [InlineData(false, "it is spiffe://localhost/ns/default/dapr-sentry, and not spiffe://elsewhere/ns/default/dapr-sentry")]
    public async Task Start_SomebodyElseIsAtSentrysAddress_IsToldNothing(bool isOther, string reason)
    {
        await using var sentry = await FakeSentry.StartAsync(_clock);
        var log = new LogLines();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestSidecar.Cancellation);
        var setting = isOther ? Setting(sentry) with { TrustAnchors = new TestAuthority(_clock).RootPem } : Setting(sentry) with { ControlPlaneTrustDomain = "elsewhere" };
        var options = new SidecarOptions { Namespace = "core", WorkingDirectory = _folder, MutualTls = setting, Clock = _clock, Apps = [new SidecarAppOptions { AppId = "alpha" }] };
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(log));
        var start = SidecarHost.StartAsync(options, loggers, stop.Token);
        await log.SeeAsync(reason, TestSidecar.Cancellation);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => start);
        Assert.Empty(sentry.Asked);
    }

    [Theory]
    [InlineData("none", "DAPR_TRUST_ANCHORS: there is no certificate in PEM.")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "DAPR_TRUST_ANCHORS: a certificate can't be read")]
    public async Task Start_TrustAnchorsThatAreNone_AreRefused(string anchors, string expected)
    {
        var error = await Assert.ThrowsAsync<SidecarConfigurationException>(() =>
            TestSidecar.StartAsync(folder: _folder, change: o => o with { MutualTls = new MutualTlsOptions { SentryAddress = "127.0.0.1:x", TrustAnchors = anchors } }));
        Assert.Contains("the address of sentry must be host and port", error.Faults[0], StringComparison.Ordinal);
        Assert.StartsWith(expected, error.Faults[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task TrustAnchors_OfAFileThatChanges_AreReadAnew()
    {
        await using var sentry = await FakeSentry.StartAsync(_clock);
        await using var other = await FakeSentry.StartAsync(_clock);
        await using var app = await TestApp.StartAsync();
        var file = Path.Combine(_folder, "anchors.pem");
        await File.WriteAllTextAsync(file, sentry.Anchors, TestSidecar.Cancellation);
        await using var callee = await StartAsync("beta", sentry, app.Url, change: tls => tls with { TrustAnchors = null, TrustAnchorsFile = file });
        await using var caller = await StartAsync("alpha", other, change: tls => tls with { TrustAnchors = sentry.Anchors + "\n" + other.Anchors });
        await FailureAsync(caller);
        SayAgain("beta");
        await File.WriteAllTextAsync(file, sentry.Anchors + "\n" + other.Anchors, TestSidecar.Cancellation);
        File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch);
        Assert.Equal(200, await InvokeAsync(caller, "alpha").StatusAsync());
    }

    [Fact]
    public async Task TrustAnchors_OfAFileBehindALink_AreReadAnew()
    {
        var (file, link) = (Path.Combine(_folder, "anchors.pem"), Path.Combine(_folder, "link.pem"));
        var (first, second) = (new TestAuthority(_clock), new TestAuthority(_clock));
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        using var peer = second.Certificate("spiffe://public/ns/core/alpha", new(key), TimeSpan.FromHours(1));
        await File.WriteAllTextAsync(file, first.RootPem, TestSidecar.Cancellation);
        File.CreateSymbolicLink(link, file);
        var anchors = TrustAnchors.Open(new MutualTlsOptions { SentryAddress = "127.0.0.1:1", TrustAnchorsFile = link }, _clock, [])!;
        Assert.Equal("its certificate is not signed by a trust anchor", anchors.Verify(peer, second.Issuers).Refusal);
        await File.WriteAllTextAsync(file, second.RootPem, TestSidecar.Cancellation);
        Assert.Equal("alpha", anchors.Verify(peer, second.Issuers).Identity?.AppId);
    }

    private static MutualTlsOptions Setting(FakeSentry sentry) => new() { SentryAddress = sentry.Address, TrustAnchors = sentry.Anchors };

    private static async Task<HttpResponseMessage> InvokeAsync(TestSidecar caller, string appId)
    {
        using var http = caller.Http(appId);
        return await http.GetAsync("/v1.0/invoke/beta/method/x", TestSidecar.Cancellation);
    }

    /// <summary>Of a call that is tried again, while its clock goes on.</summary>
    private async Task<string> FailureAsync(TestSidecar caller, string appId = "alpha")
    {
        var call = InvokeAsync(caller, appId).FaultAsync();
        await PassAsync(call);
        var (status, code, message) = await call;
        Assert.Equal((500, "ERR_DIRECT_INVOKE"), (status, code));
        Assert.StartsWith("failed to invoke, id: beta, err: failed to invoke target beta after 3 retries. Error: rpc error: code = Unavailable desc = ", message, StringComparison.Ordinal);
        return message;
    }

    /// <summary>Lets pauses pass until something is done.</summary>
    private async Task PassAsync(Task work)
    {
        for (var seconds = 0; !work.IsCompleted; seconds++)
        {
            Assert.True(seconds < 3_000, "after 3,000 seconds of the moved clock it is not done");
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(work, Task.Delay(10, TestSidecar.Cancellation));
        }
    }

    private SqliteNames Names() => SqliteNames.Open(new NameResolutionSetting(Path.Combine(_folder, "names.db"), TimeSpan.FromSeconds(5)), _folder, _clock);

    /// <summary>Where the app is: a moved clock has made that old.</summary>
    private void SayAgain(string appId)
    {
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(_folder, "names.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "UPDATE hosts SET last_update = $now WHERE app_id = $app";
        command.Parameters.AddWithValue("$now", _clock.GetUtcNow().ToUnixTimeSeconds());
        command.Parameters.AddWithValue("$app", appId);
        Assert.Equal(1, command.ExecuteNonQuery());
    }

    private async Task<TestSidecar> StartAsync(string appId, FakeSentry? sentry, Uri? app = null, ILoggerProvider? log = null, string more = "", Func<MutualTlsOptions, MutualTlsOptions>? change = null)
    {
        var file = await ConfigurationAsync(appId, more);
        var setting = sentry is null ? null : Setting(sentry);
        return await TestSidecar.StartAsync(
            apps: new Dictionary<string, Uri?> { [appId] = app }, log: log, change: o => o with { ConfigurationPaths = [file], Clock = _clock, MutualTls = setting is null ? null : change?.Invoke(setting) ?? setting });
    }

    private async Task<string> ConfigurationAsync(string name, string more)
    {
        var file = Path.Combine(_folder, $"{name}.yaml");
        await File.WriteAllTextAsync(file, $"apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: {{ name: c }}\nspec:\n  nameResolution: {{ component: sqlite, version: v1, configuration: {{ connectionString: {Path.Combine(_folder, "names.db")} }} }}{more}\n", TestSidecar.Cancellation);
        return file;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
