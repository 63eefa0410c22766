using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using EdgeMesh.Sidecar.BuildingBlocks.Invocation;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.MutualTls;

/// <summary>Who one app is to other sidecars: its certificate, renewed in time, and TLS both ways with it.</summary>
internal sealed partial class WorkloadIdentity : IAsyncDisposable
{
    /// <summary>A machine that slept must not find that its certificate ended meanwhile.</summary>
    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan AfterAFailure = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    private readonly string _appId;
    private readonly Sentry _sentry;
    private readonly TrustAnchors _anchors;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _renewing;
    private volatile WorkloadCertificate _current;

    private WorkloadIdentity(string appId, Sentry sentry, TrustAnchors anchors, TimeProvider clock, WorkloadCertificate first, ILogger logger)
    {
        (_appId, _sentry, _anchors, _clock, _current, _logger) = (appId, sentry, anchors, clock, first, logger);
        _renewing = RenewAsync(_stop.Token);
    }

    /// <summary>The newest certificate.</summary>
    public WorkloadCertificate Current => _current;

    /// <summary>Waits for sentry as long as it is away, as daprd does, and says so.</summary>
    /// <exception cref="SidecarConfigurationException">Sentry gives this app none; the message says why.</exception>
    public static async Task<WorkloadIdentity> OpenAsync(string appId, Sentry sentry, TrustAnchors anchors, TimeProvider clock, ILogger logger, CancellationToken cancellation)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < AfterAFailure ? pause * 2 : AfterAFailure)
        {
            var answer = await sentry.SignAsync(appId, cancellation);
            if (answer.Certificate is { } certificate)
            {
                return new WorkloadIdentity(appId, sentry, anchors, clock, certificate, logger);
            }

            if (!answer.IsAway)
            {
                throw new SidecarConfigurationException([$"sentry at {sentry.Address} gives '{appId}' no certificate: {answer.Failure}"]);
            }

            LogAway(logger, sentry.Address, appId, answer.Failure, pause.TotalSeconds);
            await Task.Delay(pause, clock, cancellation);
        }
    }

    /// <summary>TLS for a connection to the app's internal port. Who called is on the connection then, a <see cref="CallerIdentity"/>.</summary>
    public SslServerAuthenticationOptions Server(BaseConnectionContext connection) => new()
    {
        ServerCertificateContext = _current.Context,
        ApplicationProtocols = [SslApplicationProtocol.Http2],
        ClientCertificateRequired = true,
        // A ticket does not hold the certificates between the caller's and the trust anchor.
        AllowTlsResume = false,
        RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
        {
            var peer = _anchors.Verify(certificate as X509Certificate2, chain?.ChainPolicy.ExtraStore ?? []);
            if (peer.Identity is null)
            {
                LogRefused(_logger, _appId, connection.RemoteEndPoint?.ToString() ?? "?", peer.Refusal!);
                return false;
            }

            connection.Features.Set(peer.Identity);
            return true;
        },
    };

    /// <summary>TLS to the sidecar of another app. As with daprd, its trust domain may be any that the trust anchors vouch for.</summary>
    /// <param name="certificate">What to show.</param>
    /// <param name="appId">Who must be there.</param>
    public SslClientAuthenticationOptions Client(WorkloadCertificate certificate, string appId) => new()
    {
        ClientCertificateContext = certificate.Context,
        AllowTlsResume = false,
        RemoteCertificateValidationCallback = (_, shown, chain, _) =>
        {
            if (certificate.NotAfter < _clock.GetUtcNow())
            {
                throw new PeerRefusedException(FormattableString.Invariant($"the certificate of '{_appId}' ended at {certificate.NotAfter:u}: sentry at {_sentry.Address} did not renew it"));
            }

            var peer = _anchors.Verify(shown as X509Certificate2, chain?.ChainPolicy.ExtraStore ?? []);
            return peer.Identity is { } identity && identity.AppId == appId && identity.Namespace == certificate.Identity.Namespace
                ? true
                : throw new PeerRefusedException(peer.Refusal ?? $"unexpected SPIFFE ID: {peer.Identity}");
        },
    };

    private async Task RenewAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                var left = _current.RenewAt - _clock.GetUtcNow();
                if (left > TimeSpan.Zero)
                {
                    await Task.Delay(left < LongestRest ? left : LongestRest, _clock, cancellation);
                }
                else if (await _sentry.SignAsync(_appId, cancellation) is var answer && answer.Certificate is { } renewed)
                {
                    _current = renewed;
                    LogRenewed(_logger, _appId, renewed.NotAfter);
                    await Task.Delay(PauseAfter(renewed), _clock, cancellation);
                }
                else
                {
                    LogNotRenewed(_logger, _sentry.Address, _appId, _current.NotAfter, answer.Failure, AfterAFailure.TotalSeconds);
                    await Task.Delay(AfterAFailure, _clock, cancellation);
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The sidecar stops.
        }
    }

    /// <summary>Of one that is half over when it comes (clocks differ, or sentry gives little time) another is not asked for at once: then the tenth of
    /// what is left of it.</summary>
    private TimeSpan PauseAfter(WorkloadCertificate renewed)
    {
        var tenth = (renewed.NotAfter - _clock.GetUtcNow()) / 10;
        return tenth < FirstPause ? FirstPause : tenth < LongestRest ? tenth : LongestRest;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _renewing;
        _stop.Dispose();
    }

    [LoggerMessage(LogLevel.Warning, "sentry at {Address} gives '{App}' no certificate yet: {Reason}. Asked again in {Seconds} s")]
    private static partial void LogAway(ILogger logger, string address, string app, string reason, double seconds);

    [LoggerMessage(LogLevel.Information, "{App} has a new certificate, until {End}")]
    private static partial void LogRenewed(ILogger logger, string app, DateTimeOffset end);

    [LoggerMessage(LogLevel.Error, "sentry at {Address} does not renew the certificate of '{App}', which ends at {End}: {Reason}. Asked again in {Seconds} s")]
    private static partial void LogNotRenewed(ILogger logger, string address, string app, DateTimeOffset end, string reason, double seconds);

    [LoggerMessage(LogLevel.Warning, "The internal port of {App} refused a caller at {Address}: {Reason}")]
    private static partial void LogRefused(ILogger logger, string app, string address, string reason);
}
