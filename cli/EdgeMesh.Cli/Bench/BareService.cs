using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeMesh.Cli.Terminal;
using EdgeMesh.Cli.Up;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Cli.Bench;

/// <summary>An ASP.NET program that answers with the request's body and does nothing else, over HTTPS, in a process of its own as a site is:
/// what the machine, TLS, HTTP and the load generator take of a call. Only beside it do times of calls say anything about the mesh.</summary>
internal sealed class BareService : IDisposable
{
    public const string CommandName = "bare";

    private readonly Process process;
    private readonly X509Certificate2 certificate;
    private readonly Uri url;

    private BareService(Process process, X509Certificate2 certificate, int port) =>
        (this.process, this.certificate, url) = (process, certificate, new UriBuilder(Uri.UriSchemeHttps, IPAddress.Loopback.ToString(), port).Uri);

    /// <exception cref="InvalidOperationException">The process ended before it listened.</exception>
    public static async Task<BareService> StartAsync(CancellationToken cancellation)
    {
        var info = SelfProcess.StartInfo(["bench", CommandName]);
        info.RedirectStandardInput = info.RedirectStandardOutput = true;
        var process = Process.Start(info) ?? throw new InvalidOperationException("the bare program could not be started.");
        var said = (await process.StandardOutput.ReadLineAsync(cancellation))?.Split(' ');
        if (said is not [var port, var certificate])
        {
            process.Dispose();
            throw new InvalidOperationException("the bare program ended before it listened.");
        }

        return new BareService(process, X509CertificateLoader.LoadCertificate(Convert.FromBase64String(certificate)), int.Parse(port, CultureInfo.InvariantCulture));
    }

    /// <summary>The program: says its port and certificate, and ends when its input does.</summary>
    public static async Task<int> RunAsync(TextReader input, TextWriter output, CancellationToken cancellation)
    {
        using var certificate = SelfSigned();
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = ["--hostBuilder:reloadConfigOnChange=false"] });
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, door => door.UseHttps(certificate)));
        await using var app = builder.Build();
        app.Run(EchoAsync);
        await app.StartAsync(cancellation);
        var address = new Uri(app.Urls.First());
        await output.WriteLineAsync($"{address.Port} {Convert.ToBase64String(certificate.RawData)}".AsMemory(), cancellation);
        await output.FlushAsync(cancellation);
        await input.ReadToEndAsync(cancellation);
        return ExitCode.Done;
    }

    public EchoConnection Connect() => EchoConnection.Open(url, certificate, token: null);

    public void Dispose()
    {
        certificate.Dispose();
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
    }

    internal static async Task EchoAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length), context.RequestAborted);
    }

    /// <summary>Of a program on this machine, for a day.</summary>
    internal static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=bare", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddHours(-1), now.AddHours(24));
    }
}
