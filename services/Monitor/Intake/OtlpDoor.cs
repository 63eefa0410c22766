using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace EdgeMesh.Services.Monitor.Intake;

/// <summary>The listeners for telemetry, on loopback: gRPC has one of its own, as HTTP/2 without TLS can't share a port. The listener that a
/// request came by decides what exists for it.</summary>
internal static class OtlpDoor
{
    private const int MostConnections = 256;
    private const int GrpcStreams = 16;

    /// <summary>By which listener a connection came; nothing in a request can change it.</summary>
    private sealed record Mark(bool IsOtlp);

    public static void Listen(KestrelServerOptions kestrel, MonitorOptions options)
    {
        kestrel.Limits.MaxConcurrentConnections = MostConnections;
        kestrel.Limits.Http2.MaxStreamsPerConnection = GrpcStreams;
        foreach (var endpoint in options.AppEndpoints)
        {
            kestrel.Listen(endpoint, listen => Put(listen, new Mark(false), null));
        }

        if (options.OtlpGrpcPort is { } grpc)
        {
            kestrel.Listen(IPAddress.Loopback, grpc, listen => Put(listen, new Mark(true), HttpProtocols.Http2));
        }

        if (options.OtlpHttpPort is { } http)
        {
            kestrel.Listen(IPAddress.Loopback, http, listen => Put(listen, new Mark(true), HttpProtocols.Http1));
        }
    }

    /// <summary>Comes first: what came for telemetry meets nothing else, and nothing else meets telemetry's endpoints.</summary>
    public static void UseOtlpDoor(this WebApplication app)
    {
        var gate = new IntakeGate();
        app.Use((context, next) => (IsOtlp: context.Features.Get<Mark>() is { IsOtlp: true }, Path: OtlpPaths.IsOne(context.Request.Path)) switch
        {
            (true, true) => gate.PassAsync(context, next),
            (false, false) => next(context),
            _ => Nothing(context),
        });
    }

    private static Task Nothing(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private static void Put(ListenOptions listen, Mark mark, HttpProtocols? protocols)
    {
        listen.Protocols = protocols ?? listen.Protocols;
        listen.Use(next => connection =>
        {
            connection.Features.Set(mark);
            return next(connection);
        });
    }
}
