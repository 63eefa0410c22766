using System.Text;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Sidecar.Http;

/// <summary>Bodies that are messages of the gRPC API in protobuf's JSON form; fields that a message does not have are ignored, as daprd does.</summary>
internal static class ProtoJson
{
    private const int DepthLimit = 100;

    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true).WithRecursionLimit(DepthLimit));

    /// <exception cref="DaprFault">The body is no such message.</exception>
    public static async Task<T> ReadAsync<T>(HttpContext context)
        where T : class, IMessage<T>, new()
    {
        using var body = await PooledBody.ReadAsync(context);
        return Parse<T>(body.AsJson().Span);
    }

    /// <exception cref="DaprFault">The text is no such message.</exception>
    public static T Parse<T>(ReadOnlySpan<byte> json)
        where T : class, IMessage<T>, new()
    {
        try
        {
            return Parser.Parse<T>(Encoding.UTF8.GetString(json));
        }
        catch (Exception error) when (error is InvalidProtocolBufferException or InvalidJsonException or InvalidOperationException or FormatException or OverflowException or ArgumentException)
        {
            // The parser throws more than its own kinds: on a number out of range, a duration or base64 that is none.
            throw DaprFault.Malformed("failed deserializing HTTP body: " + error.Message);
        }
    }
}
