using System.Net;
using System.Security.Cryptography.X509Certificates;
using EdgeMesh.Cli.Bench;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Cli.Tests.Bench;

public sealed class PacedCallsTests : IDisposable
{
    private readonly X509Certificate2 _certificate = BareService.SelfSigned();

    /// <summary>32 connections bear 320 calls a second of 100 ms: at 640 the last is due after half a second, and answered after a whole one.</summary>
    [Fact]
    public async Task Run_OfMoreThanTheServerBears_TimesCallsFromWhenTheyWereDue()
    {
        await using var server = await StartAsync(async context =>
        {
            // The time that a call takes is what is tested, and the generator knows the real clock alone.
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, context.RequestAborted);
            await BareService.EchoAsync(context);
        });

        var figures = await RunAsync(server, 640, TimeSpan.FromSeconds(0.5));

        Assert.Equal((320, 0), (figures.Microseconds.Count, figures.Failed));
        Assert.InRange(figures.Microseconds.Max, 400_000, double.MaxValue);
        Assert.InRange(figures.AchievedPerSecond, 1, 340);
    }

    [Fact]
    public async Task Run_OfCallsThatAreRefused_CountsThem()
    {
        var calls = 0;
        await using var server = await StartAsync(context =>
            Interlocked.Increment(ref calls) % 2 == 0 ? Results.Problem("busy", statusCode: 429).ExecuteAsync(context) : BareService.EchoAsync(context));

        var figures = await RunAsync(server, 1000, TimeSpan.FromSeconds(0.1));

        Assert.Equal((100, 50), (figures.Microseconds.Count, figures.Failed));
    }

    public void Dispose() => _certificate.Dispose();

    private Task<HttpFigures> RunAsync(WebApplication server, int rate, TimeSpan time)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "calls are measured on Linux alone");
        var url = new Uri(server.Urls.First());
        return PacedCalls.RunAsync(rate, time, () => EchoConnection.Open(url, _certificate, token: null), TestContext.Current.CancellationToken);
    }

    private async Task<WebApplication> StartAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, door => door.UseHttps(_certificate)));
        var server = builder.Build();
        server.Run(answer);
        await server.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }
}
