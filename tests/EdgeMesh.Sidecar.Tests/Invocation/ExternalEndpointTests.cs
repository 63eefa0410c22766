using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Tests.Invocation;

/// <summary>Servers outside, invoked by the name of an HTTPEndpoint or by their address.</summary>
public sealed class ExternalEndpointTests
{
    [Fact]
    public async Task Invoke_ByName_AddsTheBasePathAndTheHeaders_AndSaysNotWhoCalls()
    {
        await using var server = await TestApp.StartAsync();
        await using var sidecar = await TestSidecar.StartAsync(Endpoint("outside", $"{server.Url.AbsoluteUri}base", "headers: [{ name: x-key, value: from-the-resource }]"));
        using var http = sidecar.Http();
        var said = await http.GetAsync("/v1.0/invoke/outside/method/a/b?c=1", TestSidecar.Cancellation).TextAsync();
        Assert.StartsWith("GET /base/a/b?c=1\n", said, StringComparison.Ordinal);
        Assert.Contains("x-key: from-the-resource\n", said, StringComparison.Ordinal);
        Assert.DoesNotContain("dapr-caller-app-id", said, StringComparison.Ordinal);
        Assert.DoesNotContain("dapr-api-token", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Invoke_ByAddress_ReachesIt(bool escaped)
    {
        await using var server = await TestApp.StartAsync();
        await using var sidecar = await TestSidecar.StartAsync();
        using var http = sidecar.Http();
        var address = server.Url.GetLeftPart(UriPartial.Authority);
        var said = await http.PostJsonAsync($"/v1.0/invoke/{(escaped ? Uri.EscapeDataString(address) : address)}/method/x?y=1", "{}").TextAsync();
        Assert.StartsWith("POST /x?y=1\nlength: 2\n", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invoke_NobodyThere_Is500WithDaprsCode()
    {
        await using var sidecar = await TestSidecar.StartAsync(Endpoint("outside", "http://127.0.0.1:1"));
        using var http = sidecar.Http();
        var (status, code, message) = await http.GetAsync("/v1.0/invoke/outside/method/x", TestSidecar.Cancellation).FaultAsync();
        Assert.Equal((500, "ERR_DIRECT_INVOKE"), (status, code));
        Assert.StartsWith("failed to invoke, id: outside, err: ", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invoke_OutOfScope_IsAnUnknownApp()
    {
        await using var server = await TestApp.StartAsync();
        await using var sidecar = await TestSidecar.StartAsync(Endpoint("outside", server.Url.AbsoluteUri) + "scopes: [beta]\n", new Dictionary<string, Uri?> { ["alpha"] = null, ["beta"] = null });
        using HttpClient alpha = sidecar.Http("alpha"), beta = sidecar.Http("beta");
        Assert.Equal(500, await alpha.GetAsync("/v1.0/invoke/outside/method/x", TestSidecar.Cancellation).StatusAsync());
        Assert.Equal(200, await beta.GetAsync("/v1.0/invoke/outside/method/x", TestSidecar.Cancellation).StatusAsync());
    }

    [Fact]
    public async Task Invoke_ByTls_ChecksTheServerAndShowsTheClientsCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(130));
        await using var server = await StartTlsAsync(certificate);
        var tls = $"clientTLS: {{ rootCA: {{ value: {Text(certificate.ExportCertificatePem())} }}, certificate: {{ value: {Text(certificate.ExportCertificatePem())} }}, privateKey: {{ value: {Text(key.ExportPkcs8PrivateKeyPem())} }} }}";
        await using var sidecar = await TestSidecar.StartAsync(Endpoint("trusted", server.Urls.First(), tls) + Endpoint("strange", server.Urls.First()));
        using var http = sidecar.Http();
        Assert.Equal("CN=127.0.0.1", await http.GetAsync("/v1.0/invoke/trusted/method/x", TestSidecar.Cancellation).TextAsync());
        Assert.Equal(500, await http.GetAsync("/v1.0/invoke/strange/method/x", TestSidecar.Cancellation).StatusAsync());
    }

    [Theory]
    [InlineData("baseUrl: ftp://x", ":6: 'baseUrl' must be an address of http or https")]
    [InlineData("baseUrl: http://x, clientTLS: { rootCA: { value: no-pem } }", "can't be used")]
    [InlineData("baseUrl: http://x, headers: [{ name: a, secretKeyRef: { name: s } }]", "is no secret store that could be opened")]
    public async Task Resource_ThatCantBeUsed_StopsTheStart(string spec, string fault)
    {
        var error = await Assert.ThrowsAsync<SidecarConfigurationException>(() =>
            TestSidecar.StartAsync($"---\napiVersion: dapr.io/v1alpha1\nkind: HTTPEndpoint\nmetadata: {{ name: x }}\nspec:\n  {{ {spec} }}\n"));
        Assert.Contains(fault, error.Message, StringComparison.Ordinal);
    }

    private static string Text(string pem) => "\"" + pem.Replace("\n", "\\n", StringComparison.Ordinal) + "\"";

    private static string Endpoint(string name, string url, string more = "") =>
        $"---\napiVersion: dapr.io/v1alpha1\nkind: HTTPEndpoint\nmetadata: {{ name: {name} }}\nspec:\n  baseUrl: {url}\n  {more}\n";

    private static async Task<WebApplication> StartTlsAsync(X509Certificate2 certificate)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().UseUrls("https://127.0.0.1:0").ConfigureKestrel(k => k.ConfigureHttpsDefaults(https =>
        {
            https.ServerCertificate = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
            https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
            https.ClientCertificateValidation = (_, _, _) => true;
        }));
        var web = builder.Build();
        web.Run(context => context.Response.WriteAsync(context.Connection.ClientCertificate?.Subject ?? "nobody"));
        await web.StartAsync();
        return web;
    }
}
