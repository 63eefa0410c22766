using System.Text;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace EdgeMesh.Sidecar.BuildingBlocks.Jobs;

/// <summary>A job's data: JSON when it came by HTTP (kept as a protobuf <c>Value</c>, as daprd keeps it), whatever the client packed when
/// it came by gRPC.</summary>
internal static class JobData
{
    private const int DepthLimit = 100;

    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithTypeRegistry(TypeRegistry.FromFiles(StructReflection.Descriptor, WrappersReflection.Descriptor, TimestampReflection.Descriptor, DurationReflection.Descriptor)));
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithRecursionLimit(DepthLimit));

    public static Any FromJson(string json) => Any.Pack(Parser.Parse<Value>(json));

    /// <summary>What an HTTP app gets: JSON as it came, anything else as the bytes inside.</summary>
    public static byte[] Body(Job job) => job.Data switch
    {
        null => [],
        var data when data.Is(Value.Descriptor) => Encoding.UTF8.GetBytes(Compact(Formatter.Format(data.Unpack<Value>()))),
        var data => data.Value.ToByteArray(),
    };

    /// <summary>The job in protobuf's JSON form.</summary>
    /// <exception cref="InvalidOperationException">Its data is of a type that only its app knows.</exception>
    public static string ToJson(Job job) => Compact(Formatter.Format(job));

    /// <summary>protobuf's writer puts blanks where Dapr's has none.</summary>
    private static string Compact(string json)
    {
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 2 * DepthLimit });
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(json.Length);
        using (var writer = new Utf8JsonWriter(buffer, Http.Answers.Readable))
        {
            document.RootElement.WriteTo(writer);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
