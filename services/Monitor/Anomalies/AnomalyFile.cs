using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using EdgeMesh.Hosting;
using EdgeMesh.Telemetry.Anomalies;

namespace EdgeMesh.Services.Monitor.Anomalies;

/// <summary>What the detectors know, on disk: a header, then a record for each series with its length and checksum. The file is replaced as
/// a whole, so a crash leaves the old or the new one; what does not verify is left out, and that series is learned anew.</summary>
internal sealed class AnomalyFile(string path)
{
    private const int LargestRecord = 64 * 1024;
    private static readonly byte[] Header = "EdgeMesh anomalies 1\n"u8.ToArray();

    public IEnumerable<WatchedSeries> Read()
    {
        if (!File.Exists(path))
        {
            yield break;
        }

        var bytes = File.ReadAllBytes(path).AsMemory();
        if (!bytes.Span.StartsWith(Header))
        {
            yield break;
        }

        for (var rest = bytes[Header.Length..]; rest.Length >= 8;)
        {
            var (length, checksum) = (BinaryPrimitives.ReadInt32LittleEndian(rest.Span), BinaryPrimitives.ReadUInt32LittleEndian(rest.Span[4..]));
            if (length is < 0 or > LargestRecord || length > rest.Length - 8)
            {
                yield break;
            }

            var body = rest.Slice(8, length);
            rest = rest[(8 + length)..];
            if (Checksum(body.Span) == checksum && Restore(body.Span) is { } series)
            {
                yield return series;
            }
        }
    }

    public void Write(IEnumerable<SavedSeries> all)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        FileReplacement.Write(path, file =>
        {
            file.Write(Header);
            Span<byte> head = stackalloc byte[8];
            foreach (var series in all)
            {
                var body = JsonSerializer.SerializeToUtf8Bytes(series, AnomalyJson.Default.SavedSeries);
                if (body.Length <= LargestRecord)
                {
                    BinaryPrimitives.WriteInt32LittleEndian(head, body.Length);
                    BinaryPrimitives.WriteUInt32LittleEndian(head[4..], Checksum(body));
                    file.Write(head);
                    file.Write(body);
                }
            }
        });
    }

    private static uint Checksum(ReadOnlySpan<byte> body) => BinaryPrimitives.ReadUInt32LittleEndian(SHA256.HashData(body));

    private static WatchedSeries? Restore(ReadOnlySpan<byte> body)
    {
        var saved = JsonSerializer.Deserialize(body, AnomalyJson.Default.SavedSeries)!;
        return AnomalyDetector.Restore(saved.Detector) is { } detector ? new(saved.Key, detector, saved.FedUntil, saved.Marks) : null;
    }
}

/// <summary>A series as it stands in the file.</summary>
internal sealed record SavedSeries(string Key, DateTimeOffset FedUntil, byte[] Detector, AnomalyMark[] Marks);

/// <summary>Generated serialisation of what the detectors know.</summary>
[JsonSerializable(typeof(SavedSeries))]
internal sealed partial class AnomalyJson : JsonSerializerContext;
