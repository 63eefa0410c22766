using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Resiliency;
using EdgeMesh.Sidecar.Sidecars;
using Grpc.Core;

namespace EdgeMesh.Sidecar.BuildingBlocks.Invocation;

/// <summary>Reaches another app of the site for a caller, and says who calls.</summary>
internal static class InvocationBlock
{
    private const string NotFound = "no host found with the given ID";
    private const string Unhealthy = "rpc error: code = Internal desc = app is not in a healthy state";

    private static readonly string HostName = Environment.MachineName;

    /// <param name="caller">The app whose API was called.</param>
    /// <param name="appId">The app to reach, perhaps with its namespace (<c>app.namespace</c>).</param>
    /// <param name="method">The path as the caller sent it.</param>
    /// <param name="query">Empty, or with its question mark.</param>
    /// <param name="request">Headers and body; its address and the caller's identity are set here.</param>
    /// <param name="cancellation">Ends the call.</param>
    public static async Task<HttpResponseMessage> InvokeAsync(
        AppRuntime caller, string appId, string method, string query, HttpRequestMessage request, CancellationToken cancellation)
    {
        var path = MethodPath.Clean(appId, method);
        caller.Tracing?.NameInvocation(appId, path);
        var target = Prepare(caller, appId, path, query, request);
        if (caller.Resilience.App(appId, target is ExternalEndpoint ? null : path) is not { } policy)
        {
            return await SendAsync(caller, target, appId, request, cancellation);
        }

        if (policy.Retries && request.Content is { } content)
        {
            request.Content = await KeptAsync(appId, content, cancellation);
        }

        try
        {
            return await policy.RunAsync(token => SendAsync(caller, target, appId, request, token), Judge, cancellation);
        }
        catch (Exception error) when (error is TimeoutException or CircuitOpenException)
        {
            throw Failed(appId, error.Message);
        }
    }

    /// <summary>Addresses the request, and says who calls.</summary>
    private static IInvocationTarget Prepare(AppRuntime caller, string appId, string path, string query, HttpRequestMessage request)
    {
        if (caller.Endpoints.Find(appId) is { } endpoint)
        {
            request.RequestUri = endpoint.Address(path + query);
            return endpoint;
        }

        var (calleeId, target) = Resolve(caller, appId);
        if (target is AppChannel channel && calleeId != caller.AppId && caller.Configuration.AccessControl?.Refusal(caller.Identity, path.TrimStart('/'), channel.VerbOf(request)) is { } refusal)
        {
            throw Denied(appId, refusal);
        }

        request.RequestUri = target.Address(path + query);
        request.Headers.TryAddWithoutValidation("dapr-caller-app-id", caller.AppId);
        request.Headers.TryAddWithoutValidation("dapr-caller-namespace", caller.Process.Namespace);
        request.Headers.TryAddWithoutValidation("dapr-callee-app-id", calleeId);
        var address = caller.Process.ListenAddresses[0];
        request.Headers.TryAddWithoutValidation("X-Forwarded-For", address);
        request.Headers.TryAddWithoutValidation("X-Forwarded-Host", HostName);
        request.Headers.TryAddWithoutValidation("Forwarded", $"for={address};by={address};host={HostName}");
        return target;
    }

    private static async Task<HttpResponseMessage> SendAsync(AppRuntime caller, IInvocationTarget target, string appId, HttpRequestMessage request, CancellationToken cancellation)
    {
        try
        {
            return target switch
            {
                RemoteSidecar remote => await InvocationMetrics.CountAsync(caller, remote.AppId, isHere: false, () => RemoteInvocation.SendAsync(caller, remote, appId, request, cancellation)),
                AppChannel channel => await InvocationMetrics.CountAsync(caller, channel.AppId, isHere: true, () => channel.SendAsync(request, cancellation)),
                _ when caller.Process.Tap is { } tap => await ThroughAsync(tap, caller.AppId, target, appId, request, cancellation),
                _ => await target.SendAsync(request, cancellation),
            };
        }
        catch (HttpRequestException error)
        {
            throw Failed(appId, error.InnerException is Http.BodyTooLargeException large ? large.Message : $"error invoking app channel: {error.Message}");
        }
    }

    /// <summary>To a server outside, through a test's tap.</summary>
    private static async Task<HttpResponseMessage> ThroughAsync(ComponentTap tap, string caller, IInvocationTarget target, string name, HttpRequestMessage request, CancellationToken cancellation)
    {
        var body = request.Content is { } content ? await content.ReadAsByteArrayAsync(cancellation) : [];
        var call = new ComponentCall(ComponentCallKind.Invocation, caller, name, $"{request.Method} {request.RequestUri!.AbsolutePath}", body);
        return await tap.RunAsync(call, new HttpResponseMessage(), token => target.SendAsync(request, token), cancellation);
    }

    /// <summary>A body that can be sent again. It is within the limit of a body.</summary>
    private static async Task<ByteArrayContent> KeptAsync(string appId, HttpContent content, CancellationToken cancellation)
    {
        try
        {
            var kept = new ByteArrayContent(await content.ReadAsByteArrayAsync(cancellation));
            foreach (var (name, values) in content.Headers.NonValidated)
            {
                kept.Headers.TryAddWithoutValidation(name, values);
            }

            return kept;
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw Failed(appId, (error.InnerException ?? error).Message);
        }
    }

    private static CallFailure? Judge(HttpResponseMessage answer) => (int)answer.StatusCode is >= 200 and < 400 ? null : new CallFailure((int)answer.StatusCode, null);

    public static DaprFault Failed(string appId, string reason) =>
        new("ERR_DIRECT_INVOKE", $"failed to invoke, id: {appId}, err: {reason}", 500, StatusCode.Internal);

    /// <summary>A refusal by access control, which gRPC callers see as any other failure.</summary>
    public static DaprFault Denied(string appId, string reason) =>
        new("ERR_DIRECT_INVOKE", $"failed to invoke, id: {appId}, err: rpc error: code = PermissionDenied desc = {reason}", 403, StatusCode.Internal);

    /// <summary>An app of this process, or one behind another sidecar of the machine.</summary>
    private static (string AppId, IInvocationTarget Target) Resolve(AppRuntime caller, string appId)
    {
        var name = appId;
        var dot = appId.IndexOf('.', StringComparison.Ordinal);
        if (dot >= 0)
        {
            name = appId[..dot];
            if (appId.IndexOf('.', dot + 1) >= 0)
            {
                throw Failed(appId, $"invalid app id {appId}");
            }

            if (appId[(dot + 1)..] != caller.Process.Namespace)
            {
                throw Failed(appId, NotFound);
            }
        }

        if (caller.Directory.Find(name) is { } app)
        {
            return app.IsHealthy ? (name, app.Channel ?? throw Failed(appId, NotFound)) : throw Failed(appId, app == caller ? Unhealthy : $"rpc error: code = Internal desc = error invoking app channel: {Unhealthy}");
        }

        return (name, caller.Remote?.Find(name, caller.AppId) ?? throw Failed(appId, NotFound));
    }

    /// <summary>What gRPC callers see of an app's HTTP status, as daprd maps it: some look odd, and all were seen.</summary>
    public static StatusCode ToGrpc(int status) => status switch
    {
        >= 200 and < 300 => StatusCode.OK,
        400 => StatusCode.Internal,
        401 => StatusCode.Unauthenticated,
        403 => StatusCode.PermissionDenied,
        404 => StatusCode.NotFound,
        408 => StatusCode.Cancelled,
        409 => StatusCode.AlreadyExists,
        429 => StatusCode.ResourceExhausted,
        501 => StatusCode.Unimplemented,
        503 => StatusCode.Unavailable,
        504 => StatusCode.DeadlineExceeded,
        _ => StatusCode.Unknown,
    };
}
