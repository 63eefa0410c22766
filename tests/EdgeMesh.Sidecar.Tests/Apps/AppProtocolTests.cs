using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Tests.Apps;

/// <summary>Apps that listen otherwise than by plain HTTP/1.1.</summary>
public sealed class AppProtocolTests
{
    [Theory]
    [InlineData(AppProtocol.H2c, "HTTP/2 http")]
    [InlineData(AppProtocol.Https, "HTTP/1.1 https")]
    public async Task Invoke_AnAppOfThatProtocol_IsReached(AppProtocol protocol, string expected)
    {
        await using var app = await StartAsync(protocol);
        await using var sidecar = await TestSidecar.StartAsync(
            apps: new Dictionary<string, Uri?> { ["alpha"] = null, ["beta"] = new(app.Urls.First()) }, change: o => o with { Apps = [o.Apps[0], o.Apps[1] with { AppProtocol = protocol }] });
        using var http = sidecar.Http();
        Assert.Equal($"{expected} 2", await http.PostJsonAsync("/v1.0/invoke/beta/method/x", "{}").TextAsync());
    }

    private static async Task<WebApplication> StartAsync(AppProtocol protocol)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=of its own making", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(130));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().UseUrls(protocol == AppProtocol.Https ? "https://127.0.0.1:0" : "http://127.0.0.1:0").ConfigureKestrel(kestrel =>
        {
            kestrel.ConfigureEndpointDefaults(listen => listen.Protocols = protocol == AppProtocol.H2c ? HttpProtocols.Http2 : HttpProtocols.Http1);
            kestrel.ConfigureHttpsDefaults(https => https.ServerCertificate = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null));
        });
        var web = builder.Build();
        web.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            await context.Response.WriteAsync($"{context.Request.Protocol} {context.Request.Scheme} {(await reader.ReadToEndAsync()).Length}");
        });
        await web.StartAsync();
        return web;
    }
}
