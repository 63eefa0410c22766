using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace EdgeMesh.Sidecar.Grpc;

/// <summary>Dapr's rich error details: clients read code, component and field from <c>grpc-status-details-bin</c>.</summary>
internal static class FaultDetails
{
    private const string Trailer = "grpc-status-details-bin";
    private const string Domain = "dapr.io";

    public static RpcException ToRpc(this DaprFault fault)
    {
        var details = new List<IMessage>();
        if (fault.Field is { } field)
        {
            details.Add(new BadRequest { FieldViolations = { new BadRequest.Types.FieldViolation { Field = field, Description = fault.Message } } });
        }

        if (fault.Resource is { } resource)
        {
            details.Add(new ResourceInfo { ResourceType = resource.Kind, ResourceName = resource.Name, Description = fault.ResourceDescription });
        }

        var info = new ErrorInfo { Reason = fault.Reason ?? fault.Code, Domain = Domain };
        if (fault.HasFactsByGrpc)
        {
            info.Metadata.Add(fault.Facts.ToDictionary());
        }

        details.Add(info);
        return Rpc(fault.GrpcStatus, fault.Message, details);
    }

    /// <summary>An invoked app's answer that is no success: the caller finds status and body in the details.</summary>
    public static RpcException ToRpc(StatusCode status, int http, string phrase, string body) =>
        Rpc(status, phrase, [new ErrorInfo { Reason = phrase, Domain = Domain, Metadata = { ["http.code"] = http.ToString(System.Globalization.CultureInfo.InvariantCulture), ["http.error_message"] = body } }]);

    /// <summary>The details of a status as the value of their trailer.</summary>
    public static byte[] Serialize(StatusCode status, string message, IEnumerable<IMessage> details) =>
        new Google.Rpc.Status { Code = (int)status, Message = message, Details = { details.Select(d => Any.Pack(d)) } }.ToByteArray();

    private static RpcException Rpc(StatusCode status, string message, IEnumerable<IMessage> details) =>
        new(new global::Grpc.Core.Status(status, message), new global::Grpc.Core.Metadata { { Trailer, Serialize(status, message, details) } });
}
