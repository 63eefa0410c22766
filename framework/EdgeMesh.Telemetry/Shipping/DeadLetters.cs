using System.Text.Json;

namespace EdgeMesh.Telemetry;

/// <summary>Records that the index refused for good, one JSON object a line: id, status, the index's words, and the record. Two files of
/// half the quota each. On disk, synced, before the spool forgets a record; a crash in between repeats its line, under the same id.</summary>
internal sealed class DeadLetters(string folder, long quota, TimeProvider clock)
{
    private readonly string _path = Path.Combine(folder, "dead-letters.ndjson");
    private readonly string _older = Path.Combine(folder, "dead-letters.1.ndjson");

    public void Add(IEnumerable<(SpooledRecord Record, int Status, string? Error)> letters)
    {
        if (File.Exists(_path) && new FileInfo(_path).Length > quota / 2)
        {
            File.Move(_path, _older, overwrite: true);
        }

        using var file = new FileStream(_path, FileMode.Append, FileAccess.Write, FileShare.Read);
        foreach (var (record, status, error) in letters)
        {
            using (var json = new Utf8JsonWriter(file))
            {
                json.WriteStartObject();
                json.WriteString("id", record.Id);
                json.WriteString("time", clock.GetUtcNow());
                json.WriteNumber("status", status);
                json.WriteString("error", error);
                json.WritePropertyName("record");
                json.WriteRawValue(record.Payload.Span, skipInputValidation: true);
                json.WriteEndObject();
            }

            file.WriteByte((byte)'\n');
        }

        file.Flush(flushToDisk: true);
    }
}
