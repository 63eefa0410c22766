using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Invocation;
using EdgeMesh.Sidecar.Http;
using EdgeMesh.Sidecar.Sidecars;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Sidecar.Grpc;

/// <summary>Calls of an app's own gRPC services, which name the app in <c>dapr-app-id</c>: passed on as they are, streams included. What comes
/// from another sidecar by the internal port goes to the app behind this one.</summary>
internal static class GrpcProxy
{
    private static readonly string[] Own = ["/dapr.proto.runtime.v1.Dapr/", "/dapr.proto.internals.", "/grpc.reflection."];

    public static void UseGrpcProxy(this IApplicationBuilder pipeline) => pipeline.Use((HttpContext context, RequestDelegate next) =>
    {
        if (!Passes(context.Request))
        {
            return next(context);
        }

        var app = context.App();
        var isInternal = context.Features.Get<InternalPort>() is not null;
        var target = isInternal ? app.AppId : context.Request.Headers["dapr-app-id"].ToString();
        return PassAsync(context, app, target, isInternal);
    });

    /// <summary>Whether it is a call of an app's own service.</summary>
    public static bool Passes(HttpRequest request) => IsGrpc(request) && !Array.Exists(Own, o => request.Path.Value!.StartsWith(o, StringComparison.Ordinal));

    public static bool IsGrpc(HttpRequest request) => request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>An answer without messages.</summary>
    public static void Refuse(HttpContext context, StatusCode status, string message)
    {
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = ((int)status).ToString(System.Globalization.CultureInfo.InvariantCulture);
        context.Response.Headers["grpc-message"] = Uri.EscapeDataString(message).Replace("%20", " ", StringComparison.Ordinal);
    }

    private static async Task PassAsync(HttpContext context, AppRuntime caller, string appId, bool isInternal)
    {
        using var request = PassedMessages.Request(context, isInternal);
        try
        {
            using var answer = await SendAsync(context, caller, appId, request, isInternal);
            await PassedMessages.AnswerAsync(context, answer);
        }
        catch (RpcException error) when (!context.Response.HasStarted)
        {
            Refuse(context, error.StatusCode, error.Status.Detail);
        }
        catch (HttpRequestException error) when (!context.Response.HasStarted)
        {
            Refuse(context, StatusCode.Unavailable, $"error invoking app channel: {error.Message}");
        }
        catch (Exception error) when (error is IOException or HttpRequestException or OperationCanceledException)
        {
            // One side broke off in the middle: the other must see that, and not an end.
            context.Abort();
        }
    }

    private static Task<HttpResponseMessage> SendAsync(HttpContext context, AppRuntime caller, string appId, HttpRequestMessage request, bool isInternal)
    {
        var path = context.Request.Path.Value!;
        if (appId.Length == 0)
        {
            throw Fault(StatusCode.Unknown, "failed to proxy request: required metadata dapr-app-id not found");
        }

        if (caller.Directory.Find(appId) is { } callee)
        {
            if (callee.Channel is not { Callbacks: not null } channel)
            {
                throw Fault(StatusCode.Unimplemented, $"the app '{appId}' does not speak gRPC: start its sidecar with --app-protocol grpc.");
            }

            var identity = isInternal ? context.Features.Get<CallerIdentity>() : caller.Identity;
            if ((isInternal || callee != caller) && callee.Configuration.AccessControl?.Refusal(identity, path, null) is { } refusal)
            {
                throw Fault(StatusCode.PermissionDenied, refusal);
            }

            if (!callee.IsHealthy)
            {
                throw Fault(StatusCode.Internal, "app is not in a healthy state");
            }

            request.RequestUri = channel.Address(path);
            Sign(request, isInternal ? null : caller, appId);
            return channel.SendAsIsAsync(request, context.RequestAborted);
        }

        if (caller.Remote?.Reach(appId, caller.AppId) is not { } sidecar)
        {
            throw Fault(StatusCode.Unknown, $"failed to resolve address: couldn't find service: {appId}");
        }

        request.RequestUri = sidecar.Uri(path);
        Sign(request, caller, appId);
        request.Headers.TryAddWithoutValidation("dapr-app-id", appId);
        return sidecar.PassAsync(request, context.RequestAborted);
    }

    /// <summary>Says who calls whom; what came from another sidecar says so already.</summary>
    private static void Sign(HttpRequestMessage request, AppRuntime? caller, string appId)
    {
        if (caller is not null)
        {
            request.Headers.TryAddWithoutValidation("dapr-caller-app-id", caller.AppId);
            request.Headers.TryAddWithoutValidation("dapr-callee-app-id", appId);
        }
    }

    private static RpcException Fault(StatusCode status, string message) => new(new global::Grpc.Core.Status(status, message));
}
