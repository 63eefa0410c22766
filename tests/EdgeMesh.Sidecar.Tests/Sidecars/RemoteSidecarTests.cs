using EdgeMesh.Sidecar.Resources;
using EdgeMesh.Sidecar.Sidecars;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Sidecar.Tests.Sidecars;

/// <summary>Sidecars of a machine that call each other.</summary>
public sealed class RemoteSidecarTests : IDisposable
{
    private readonly string _folder = TestSidecar.TemporaryFolder();

    [Fact]
    public async Task Invoke_BehindAnotherSidecar_StreamsBothWays()
    {
        var release = new TaskCompletionSource();
        await using var app = await TestApp.StartAsync(async context =>
        {
            await context.Response.WriteAsync("first;");
            await context.Response.Body.FlushAsync();
            await release.Task;
            using var reader = new StreamReader(context.Request.Body);
            await context.Response.WriteAsync((await reader.ReadToEndAsync()).Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
        });
        await using var callee = await StartAsync("beta", app.Url);
        await using var caller = await StartAsync("alpha", null);
        using var http = caller.Http();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1.0/invoke/beta/method/x") { Content = new StringContent(new string('x', 300_000)) };
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestSidecar.Cancellation);
        await using var body = await answer.Content.ReadAsStreamAsync(TestSidecar.Cancellation);
        var first = new byte[6];
        await body.ReadExactlyAsync(first, TestSidecar.Cancellation);
        Assert.Equal("first;"u8.ToArray(), first);
        release.SetResult();
        using var rest = new StreamReader(body);
        Assert.Equal("300000", await rest.ReadToEndAsync(TestSidecar.Cancellation));
    }

    [Fact]
    public async Task Invoke_ABodyOverTheLimit_IsRefusedAsInOneProcess()
    {
        await using var app = await TestApp.StartAsync();
        await using var callee = await StartAsync("beta", app.Url);
        await using var caller = await StartAsync("alpha", null);
        using var http = caller.Http();
        using var content = new StreamContent(new MemoryStream(new byte[5 * 1024 * 1024]));
        content.Headers.ContentLength = null;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1.0/invoke/beta/method/x") { Content = content, Headers = { TransferEncodingChunked = true } };
        Assert.Equal((500, "ERR_DIRECT_INVOKE", "failed to invoke, id: beta, err: stream too large"), await http.SendAsync(request, TestSidecar.Cancellation).FaultAsync());
    }

    [Fact]
    public async Task Invoke_TheOtherDeniesByDefault_Is403NamingNobody()
    {
        await using var app = await TestApp.StartAsync();
        await using var callee = await StartAsync("beta", app.Url, "\n  accessControl: { defaultAction: deny, policies: [{ appId: alpha, defaultAction: allow }] }");
        await using var caller = await StartAsync("alpha", null);
        using var http = caller.Http();
        Assert.Equal(
            (403, "ERR_DIRECT_INVOKE", "failed to invoke, id: beta, err: rpc error: code = PermissionDenied desc = access control policy has denied access to id:  operation: a/b verb: GET"),
            await http.GetAsync("/v1.0/invoke/beta/method/a/b", TestSidecar.Cancellation).FaultAsync());
    }

    [Fact]
    public async Task Invoke_TheOtherHasStopped_IsNotFound()
    {
        await using var app = await TestApp.StartAsync();
        var callee = await StartAsync("beta", app.Url);
        await using var caller = await StartAsync("alpha", null);
        using var http = caller.Http();
        Assert.Equal(200, await http.GetAsync("/v1.0/invoke/beta/method/x", TestSidecar.Cancellation).StatusAsync());
        await callee.DisposeAsync();
        Assert.Equal("failed to invoke, id: beta, err: no host found with the given ID", (await http.GetAsync("/v1.0/invoke/beta/method/x", TestSidecar.Cancellation).FaultAsync()).Message);
    }

    [Fact]
    public async Task Dispose_WithACallOfAnotherSidecarInFlight_FinishesIt()
    {
        var (reached, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var app = await TestApp.StartAsync(async context =>
        {
            reached.TrySetResult();
            await release.Task;
            await context.Response.WriteAsync("finished");
        });
        await using var callee = await StartAsync("beta", app.Url);
        var caller = await StartAsync("alpha", null);
        using var http = caller.Http();
        var call = http.GetStringAsync("/v1.0/invoke/beta/method/x", TestSidecar.Cancellation);
        await reached.Task.WaitAsync(TestSidecar.Cancellation);
        var ending = caller.DisposeAsync();
        await RefusesAsync(http.BaseAddress!);
        Assert.False(call.IsCompleted);
        Assert.Null(AddressOf("alpha"));
        release.SetResult();
        Assert.Equal("finished", await call);
        await ending;
    }

    /// <summary>Waits until nobody listens there any more.</summary>
    private static async Task RefusesAsync(Uri address)
    {
        while (true)
        {
            try
            {
                using var another = new HttpClient { BaseAddress = address };
                using var answer = await another.GetAsync("/v1.0/healthz/outbound", TestSidecar.Cancellation);
            }
            catch (HttpRequestException)
            {
                return;
            }
        }
    }

    [Fact]
    public async Task InternalPort_AnythingButItsService_IsNotThere()
    {
        await using var app = await TestApp.StartAsync();
        await using var callee = await StartAsync("beta", app.Url);
        using var api = callee.Http("beta");
        using var http = new HttpClient { BaseAddress = new Uri($"http://{AddressOf("beta")}"), DefaultRequestVersion = new Version(2, 0), DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        Assert.Equal(404, await http.GetAsync("/v1.0/metadata", TestSidecar.Cancellation).StatusAsync());
        Assert.Equal(200, await api.GetAsync("/v1.0/metadata", TestSidecar.Cancellation).StatusAsync());
    }

    /// <summary>As gRPC by its type, and none of the service: what is neither a call between sidecars nor one of an app's own service.</summary>
    [Theory]
    [InlineData("/dapr.proto.internals.x/a/..%2F..%2Fadmin", "beta")]
    [InlineData("/dapr.proto.internals.x/a/..%2F..%2Fadmin", "gamma")]
    [InlineData("/dapr.proto.internals.v1.serviceinvocation/calllocal", "beta")]
    [InlineData("/v1.0/invoke/beta/method/../../../../dapr.proto.internals.x/a/b", "beta")]
    [InlineData("/v1.0/invoke/beta/method/../../../../dapr.proto.internals.v1.ServiceInvocation/CallLocal", "beta")]
    [InlineData("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "beta")]
    [InlineData("/dapr.proto.runtime.v1.Dapr/GetMetadata", "beta")]
    public async Task InternalPort_APathThatLeadsAroundAccessControl_IsNotThere(string path, string appId)
    {
        var asked = 0;
        await using var app = await TestApp.StartAsync(context =>
        {
            Interlocked.Increment(ref asked);
            return Task.CompletedTask;
        });
        await using var other = await StartAsync("gamma", app.Url);
        await using var callee = await StartAsync("beta", app.Url, "\n  accessControl: { defaultAction: deny }");
        using var http = new HttpClient();
        var address = new Uri($"http://{AddressOf("beta")}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(new byte[5]), Version = new Version(2, 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Content.Headers.ContentType = new("application/grpc");
        request.Headers.Add("dapr-app-id", appId);
        using var answer = await http.SendAsync(request, TestSidecar.Cancellation);
        Assert.Equal("12", answer.Headers.TryGetValues("grpc-status", out var status) ? status.Single() : $"HTTP {(int)answer.StatusCode}");
        Assert.Equal(0, Volatile.Read(ref asked));
    }

    /// <summary>Where others find the app's sidecar.</summary>
    private string? AddressOf(string appId)
    {
        using var names = SqliteNames.Open(new NameResolutionSetting(Path.Combine(_folder, "names.db"), TimeSpan.FromSeconds(5)), _folder, TimeProvider.System);
        return names.Find(appId);
    }

    private async Task<TestSidecar> StartAsync(string appId, Uri? app, string more = "")
    {
        var file = Path.Combine(_folder, $"{appId}.yaml");
        await File.WriteAllTextAsync(file, $"apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: {{ name: c }}\nspec:\n  nameResolution: {{ component: sqlite, version: v1, configuration: {{ connectionString: {Path.Combine(_folder, "names.db")} }} }}{more}\n", TestSidecar.Cancellation);
        return await TestSidecar.StartAsync(apps: new Dictionary<string, Uri?> { [appId] = app }, change: o => o with { ConfigurationPaths = [file] });
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
