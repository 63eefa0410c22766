using System.Text;
using System.Text.Json;

namespace EdgeMesh.Telemetry;

/// <summary>The fields that are the same in all records of a host, written once: a record begins with these bytes.</summary>
internal sealed class EcsOrigin
{
    private const string SchemaVersion = "8.11.0";

    public EcsOrigin(TelemetryIdentity identity)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("ecs.version", SchemaVersion);
            json.WriteString("service.name", identity.Service);
            json.WriteString("service.node.name", identity.Site);
            json.WriteString("service.version", typeof(EcsOrigin).Assembly.GetName().Version?.ToString(3));
            if (identity.Environment is { } environment)
            {
                json.WriteString("service.environment", environment);
            }

            json.WriteString("event.dataset", $"edgemesh.{identity.Service}");
            json.WriteString("host.name", Environment.MachineName);
            json.WriteNumber("process.pid", Environment.ProcessId);
            json.WriteEndObject();
        }

        // Without the closing brace: the record's own fields follow.
        Head = bytes.ToArray()[..^1];
    }

    /// <summary>An object that is not closed.</summary>
    public byte[] Head { get; }

    public string Text(ReadOnlySpan<byte> rest) => Encoding.UTF8.GetString(Head) + Encoding.UTF8.GetString(rest);
}
