using System.Net;
using System.Security.Cryptography.X509Certificates;
using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Cli.Topology;
using EdgeMesh.Cli.Up;
using EdgeMesh.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Cli.Tests.Commands;

/// <summary>The public door of a mesh's core, with the site's own certificate, and nothing behind it but one answer.</summary>
internal sealed class AnsweringSite : IAsyncDisposable
{
    private readonly WebApplication _app;

    private AnsweringSite(WebApplication app, string[] mesh) => (_app, Mesh) = (app, mesh);

    /// <summary>The options that name its mesh.</summary>
    public IReadOnlyList<string> Mesh { get; }

    public static async Task<AnsweringSite> StartAsync(TemporaryFolder folder, string path, byte[] answer)
    {
        var place = TemporaryMesh.Create(TestMesh.In(folder))! with { Data = new(folder.File("data")) };
        PrivateFiles.CreateFolder(place.Data.Path);
        MeshProvisioner.Provision(place);
        var core = place.Topology.Sites.First(s => s.IsCore);
        var secrets = SecretFile.Open(place.Data.Secrets(core.Name));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(
            IPAddress.Loopback, place.Topology.PublicUrl(core).Port, door => door.UseHttps(X509Certificate2.CreateFromPem(secrets[SiteSecrets.MeshCertificate], secrets[SiteSecrets.MeshPrivateKey]))));
        var app = builder.Build();
        app.MapGet(path, (HttpContext context) => context.Response.Body.WriteAsync(answer, context.RequestAborted).AsTask());
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new(app, ["--topology", Repository.Topology, "--data-dir", place.Data.Path, "--port-shift", $"{place.Topology.PortShift}"]);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
