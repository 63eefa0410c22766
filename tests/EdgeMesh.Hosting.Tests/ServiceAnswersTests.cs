using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EdgeMesh.Hosting.Tests;

public sealed class ServiceAnswersTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task UnknownPath_IsAProblemWithACode()
    {
        await using var service = await LoneService.StartAsync();

        await AssertProblemAsync(await service.Client.GetAsync("/nowhere", Token), HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task BodyOverTheLimit_Is413AndNamesTheSetting()
    {
        await using var service = await LoneService.StartAsync(new() { ["EdgeMesh:BodyLimit"] = "1000" }, map: app => app.MapPost("/notes", ReadAsync));

        using var fits = await service.Client.PostAsync("/notes", new ByteArrayContent(new byte[1000]), Token);
        var problem = await AssertProblemAsync(await service.Client.PostAsync("/notes", new ByteArrayContent(new byte[1001]), Token), HttpStatusCode.RequestEntityTooLarge, "body-too-large");

        Assert.Equal(HttpStatusCode.OK, fits.StatusCode);
        Assert.Contains("EdgeMesh:BodyLimit", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    [InlineData("/metrics")]
    public async Task Probes_AreNotCountedAmongRequests(string path)
    {
        await using var service = await LoneService.StartAsync();
        var endpoint = Assert.Single(service.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>(), e => e.RoutePattern.RawText == path);

        Assert.NotNull(endpoint.Metadata.GetMetadata<IDisableHttpMetricsMetadata>());
    }

    [Fact]
    public async Task BrokenInvariant_Is500AndTellsNothingOfIt()
    {
        await using var service = await LoneService.StartAsync(map: app => app.MapGet("/notes", string () => throw new InvalidOperationException("patient 4711")));

        var problem = await AssertProblemAsync(await service.Client.GetAsync("/notes", Token), HttpStatusCode.InternalServerError, "internal-error");

        Assert.DoesNotContain("4711", problem.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SidecarAway_Is503AndSaysWhenToTryAgain()
    {
        await using var service = await LoneService.StartAsync(map: app =>
            app.MapGet("/notes", string () => throw new RpcException(new Status(StatusCode.Unavailable, "connection refused"))));

        using var answer = await service.Client.GetAsync("/notes", Token);

        await AssertProblemAsync(answer, HttpStatusCode.ServiceUnavailable, "sidecar-unavailable");
        Assert.Equal(TimeSpan.FromSeconds(1), answer.Headers.RetryAfter?.Delta);
    }

    [Theory]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    [InlineData("wrong", HttpStatusCode.Unauthorized)]
    [InlineData("t0ken", HttpStatusCode.OK)]
    public async Task AppToken_IsAskedOfEveryRequestButHealth(string? token, HttpStatusCode expected)
    {
        await using var service = await LoneService.StartAsync(new() { ["APP_API_TOKEN"] = "t0ken" }, map: app => app.MapGet("/notes", () => "notes"));
        if (token is not null)
        {
            service.Client.DefaultRequestHeaders.Add("dapr-api-token", token);
        }

        using var notes = await service.Client.GetAsync("/notes", Token);
        using var health = await service.Client.GetAsync("/healthz", Token);
        using var trick = await service.Client.GetAsync("/healthz/../notes", Token);

        Assert.Equal(expected, notes.StatusCode);
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        Assert.Equal(expected, trick.StatusCode);
    }

    [Fact]
    public async Task Readyz_WithoutASidecarAndWithAFailingCheck_NamesBothAndHealthzAnswers()
    {
        await using var service = await LoneService.StartAsync(configure: builder => builder.Services
            .AddReadiness("heads", (_, _) => Task.FromResult<string?>("the store's type has not passed conformance"))
            .AddReadiness("index", (_, _) => throw new IOException("disk is full"))
            .AddReadiness("door", (_, _) => Task.FromResult<string?>(null)));

        using var ready = await service.Client.GetAsync("/readyz", Token);
        using var alive = await service.Client.GetAsync("/healthz", Token);
        var report = await ready.Content.ReadFromJsonAsync<JsonElement>(Token);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal(HttpStatusCode.OK, alive.StatusCode);
        Assert.False(report.GetProperty("ready").GetBoolean());
        var waiting = report.GetProperty("waitingFor").EnumerateArray().ToDictionary(w => w.GetProperty("name").GetString()!, w => w.GetProperty("reason").GetString()!);
        Assert.Equal(["heads", "index", "sidecar"], waiting.Keys.Order());
        Assert.Equal("disk is full", waiting["index"]);
        Assert.Contains("does not answer", waiting["sidecar"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_WhileARequestIsUnderWay_LetsItFinish()
    {
        var entered = new TaskCompletionSource();
        var leave = new TaskCompletionSource();
        await using var service = await LoneService.StartAsync(map: app => app.MapGet("/notes", async () =>
        {
            entered.SetResult();
            await leave.Task;
            return "written";
        }));

        var answer = service.Client.GetStringAsync("/notes", Token);
        await entered.Task.WaitAsync(Token);
        var stop = service.Services.GetRequiredService<IHost>().StopAsync(Token);
        leave.SetResult();

        Assert.Equal("written", await answer);
        await stop;
    }

    private static async Task ReadAsync(HttpContext context) => await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);

    private static async Task<JsonElement> AssertProblemAsync(HttpResponseMessage answer, HttpStatusCode status, string code)
    {
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>(Token);
        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.EndsWith("/" + code, problem.GetProperty("type").GetString(), StringComparison.Ordinal);
        return problem;
    }
}
