using System.Text;
using System.Text.Json;

namespace EdgeMesh.Telemetry;

/// <summary>The one record that tells the index what is missing.</summary>
internal static class GapRecord
{
    public static SpooledRecord Of(Gap gap, EcsOrigin origin)
    {
        using var bytes = new MemoryStream();
        bytes.Write(origin.Head);
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("@timestamp", DateTimeOffset.FromUnixTimeMilliseconds(gap.Last));
            json.WriteString("log.level", "warn");
            json.WriteString("message", $"{gap.Records} log records were lost: the spool's room ran out");
            json.WriteString("log.logger", typeof(LogSpool).FullName);
            json.WriteString("event.action", "LogGap");
            json.WriteString("event.start", DateTimeOffset.FromUnixTimeMilliseconds(gap.First));
            json.WriteString("event.end", DateTimeOffset.FromUnixTimeMilliseconds(gap.Last));
            json.WriteNumber("edgemesh.gap.records", gap.Records);
            json.WriteNumber("edgemesh.gap.low", gap.Low);
            json.WriteNumber("edgemesh.gap.normal", gap.Normal);
            json.WriteNumber("edgemesh.gap.high", gap.High);
            json.WriteNumber("edgemesh.gap.bytes", gap.Bytes);
            json.WriteEndObject();
        }

        var payload = bytes.ToArray();
        payload[origin.Head.Length] = (byte)',';
        return new SpooledRecord($"gap-{gap.Id:N}", payload);
    }
}
