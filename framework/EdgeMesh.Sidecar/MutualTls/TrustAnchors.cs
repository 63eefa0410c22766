using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EdgeMesh.Sidecar.MutualTls;

/// <summary>The root certificates that every peer's certificate must lead to.</summary>
internal sealed class TrustAnchors
{
    private readonly string? _file;
    private readonly TimeProvider _clock;

    /// <summary>Swapped whole when the file has changed.</summary>
    private volatile Roots _roots;

    private TrustAnchors(string? file, TimeProvider clock, Roots roots) => (_file, _clock, _roots) = (file, clock, roots);

    /// <summary>Null: mutual TLS is not asked for, or can't be had, as the faults say.</summary>
    public static TrustAnchors? Open(MutualTlsOptions? options, TimeProvider clock, List<string> faults)
    {
        if (options is null)
        {
            return null;
        }

        if (!Uri.TryCreate($"https://{options.SentryAddress}", UriKind.Absolute, out var sentry) || sentry.PathAndQuery != "/")
        {
            faults.Add($"the address of sentry must be host and port, and is '{options.SentryAddress}' (--sentry-address).");
        }

        try
        {
            var file = options.TrustAnchorsFile;
            var text = file is null ? options.TrustAnchors ?? "" : TextOf(file);
            return new TrustAnchors(file, clock, new Roots(Parse(text, file ?? "DAPR_TRUST_ANCHORS"), text));
        }
        catch (ArgumentException error)
        {
            faults.Add(error.Message);
            return null;
        }
    }

    /// <summary>Looks at a peer's certificate.</summary>
    /// <param name="certificate">Its own; null: it showed none.</param>
    /// <param name="others">What it sent with it.</param>
    public Peer Verify(X509Certificate2? certificate, X509Certificate2Collection others)
    {
        if (certificate is null)
        {
            return Peer.Refused("it showed no certificate");
        }

        var now = _clock.GetUtcNow();
        if (certificate.NotBefore.ToUniversalTime() > now.UtcDateTime || certificate.NotAfter.ToUniversalTime() < now.UtcDateTime)
        {
            return Peer.Refused(FormattableString.Invariant($"its certificate is valid from {certificate.NotBefore.ToUniversalTime():u} to {certificate.NotAfter.ToUniversalTime():u}, and it is {now:u}"));
        }

        // One by one: roots of two sentries have the same name, and nothing else to be told apart by before they are tried.
        if (!Current().Certificates.Any(root => LeadsTo(root, certificate, others, now)))
        {
            return Peer.Refused("its certificate is not signed by a trust anchor");
        }

        return SpiffeId.Read(certificate) is { } identity ? new Peer(identity, null) : Peer.Refused("its certificate has no SPIFFE identity of an app");
    }

    private static bool LeadsTo(X509Certificate2 root, X509Certificate2 certificate, X509Certificate2Collection others, DateTimeOffset now)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.ExtraStore.AddRange(others);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now.LocalDateTime;
        return chain.Build(certificate);
    }

    private Roots Current()
    {
        try
        {
            // Its text, and not its time: the file may be a link, whose own time says nothing, and a peer is a rare thing.
            if (_file is not null && TextOf(_file) is var text && text != _roots.Text)
            {
                _roots = new Roots(Parse(text, _file), text);
            }
        }
        catch (ArgumentException)
        {
            // It is gone or half written: what was read goes on, and the next peer has it looked at again.
        }

        return _roots;
    }

    private static string TextOf(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ArgumentException($"{file} can't be read: {error.Message}", error);
        }
    }

    private static X509Certificate2Collection Parse(string pem, string source)
    {
        try
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPem(pem);
            return certificates.Count > 0 ? certificates : throw new ArgumentException($"{source}: there is no certificate in PEM.");
        }
        catch (CryptographicException error)
        {
            throw new ArgumentException($"{source}: a certificate can't be read: {error.Message}", error);
        }
    }

    private sealed record Roots(X509Certificate2Collection Certificates, string Text);
}
