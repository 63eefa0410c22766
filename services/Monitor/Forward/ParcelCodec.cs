using System.IO.Compression;
using EdgeMesh.Services.Monitor.Intake;
using EdgeMesh.Services.Monitor.Intake.Mapping;
using EdgeMesh.Services.Monitor.Store;
using Google.Protobuf;
using Wire = EdgeMesh.Services.Monitor.Forward.Protos.Parcel;

namespace EdgeMesh.Services.Monitor.Forward;

/// <summary>A parcel between its bytes and what is in it. What another site sent is bounded and made harmless again: that site may not be
/// what it was.</summary>
internal static class ParcelCodec
{
    /// <summary>Of a parcel, unpacked.</summary>
    public const int MostBytes = 8 * 1024 * 1024;

    private const int MostEpoch = 64;
    private const int MostName = 500;
    private const int MostFields = 80;

    /// <summary>Of one parcel: empty records are small, and each costs as much as any once it is unpacked.</summary>
    public const int MostRecords = 100_000;

    public static byte[] Pack(Wire parcel)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            parcel.WriteTo(gzip);
        }

        return packed.ToArray();
    }

    /// <summary>The same records in two parcels; one that has only one record stays whole.</summary>
    public static IEnumerable<Wire> Halves(Wire parcel)
    {
        var half = (parcel.Logs.Count + parcel.Spans.Count + parcel.Series.Count + 1) / 2;
        var (logs, spans) = (Math.Min(half, parcel.Logs.Count), Math.Clamp(half - parcel.Logs.Count, 0, parcel.Spans.Count));
        var series = Math.Max(0, half - parcel.Logs.Count - parcel.Spans.Count);
        yield return new() { Logs = { parcel.Logs.Take(logs) }, Spans = { parcel.Spans.Take(spans) }, Series = { parcel.Series.Take(series) } };
        yield return new() { Logs = { parcel.Logs.Skip(logs) }, Spans = { parcel.Spans.Skip(spans) }, Series = { parcel.Series.Skip(series) } };
    }

    /// <exception cref="InvalidDataException">It is none, or unpacks to more than a parcel may have.</exception>
    /// <exception cref="BadHttpRequestException">It did not come whole, which says nothing of what it is.</exception>
    public static async Task<Wire> UnpackAsync(Stream body, CancellationToken cancellation)
    {
        try
        {
            await using var bounded = new BoundedStream(new GZipStream(body, CompressionMode.Decompress), MostBytes, text => new InvalidDataException(text));
            using var bytes = new MemoryStream();
            await bounded.CopyToAsync(bytes, cancellation);
            var parcel = Wire.Parser.ParseFrom(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
            if (parcel.Logs.Count + parcel.Spans.Count + parcel.Series.Count > MostRecords)
            {
                throw new InvalidDataException($"It holds more than {MostRecords} records.");
            }

            return parcel is { Epoch.Length: > 0 and <= MostEpoch, Sequence: > 0 } ? parcel : throw new InvalidDataException("It has no number: was it cut off?");
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new InvalidDataException(error.Message, error);
        }
    }

    public static Wire.Types.LogRow Write(LogLine line) => new()
    {
        Service = line.Service, Level = (int)line.Level, Time = line.Time.UtcTicks, Message = line.Message, Fields = { line.Fields.ToDictionary() },
        Trace = Bytes(line.TraceId), Span = Bytes(line.SpanId),
    };

    public static Wire.Types.SpanRow Write(SpanRow span) => new()
    {
        Service = span.Service, Trace = Bytes(span.TraceId), Span = Bytes(span.SpanId), Parent = Bytes(span.ParentId), Name = span.Name, Kind = span.Kind,
        Start = span.Start.UtcTicks, Duration = span.Duration.Ticks, Error = span.IsError, Attributes = { span.Attributes.ToDictionary() },
        Links = { span.Links.Select(l => new Wire.Types.Link { Trace = Bytes(l.TraceId), Span = Bytes(l.SpanId) }) },
    };

    public static Wire.Types.SeriesRow Write(SeriesInfo series, SeriesPoint point) => new()
    {
        Service = series.Service, Name = series.Name, Unit = series.Unit, Kind = series.Kind, Labels = { series.Labels.ToDictionary() },
        Time = point.Time.UtcTicks, Value = point.Value, Trace = Bytes(point.ExemplarTraceId),
    };

    /// <summary>What a site sent, under the name of that site whatever it says.</summary>
    public static TelemetryBatch Read(Wire parcel, string site, DateTimeOffset now) => new()
    {
        Logs = [.. parcel.Logs.Select(l => new LogLine(0, Time(l.Time, now), site, Name(l.Service), (LogLevel)Math.Clamp(l.Level, 0, 5), VisibleText.Of(l.Message, LogMapping.MostMessage * 2),
            WireTimes.Id(l.Trace, 16), WireTimes.Id(l.Span, 8), Fields(l.Fields)))],
        Spans = [.. parcel.Spans.Where(s => s.Trace.Length == 16 && s.Span.Length == 8).Select(s => Read(s, site, now))],
        Samples = [.. parcel.Series.Where(s => double.IsFinite(s.Value)).Select(s => new SeriesSample(site, Name(s.Service), Name(s.Name), Name(s.Unit), Name(s.Kind), Fields(s.Labels),
            Time(s.Time, now), s.Value, WireTimes.Id(s.Trace, 16)))],
        Weight = parcel.CalculateSize(),
    };

    private static SpanRow Read(Wire.Types.SpanRow span, string site, DateTimeOffset now) => new(
        Convert.ToHexStringLower(span.Trace.Span), Convert.ToHexStringLower(span.Span.Span), WireTimes.Id(span.Parent, 8), site, Name(span.Service), Name(span.Name), span.Kind,
        Time(span.Start, now), TimeSpan.FromTicks(Math.Clamp(span.Duration, 0, TimeSpan.TicksPerDay)), span.Error, Fields(span.Attributes),
        [.. span.Links.Select(l => (Trace: WireTimes.Id(l.Trace, 16), Span: WireTimes.Id(l.Span, 8))).Where(l => l is { Trace: not null, Span: not null }).Select(l => new SpanLink(l.Trace!, l.Span!))]);

    private static Dictionary<string, string> Fields(IEnumerable<KeyValuePair<string, string>> fields) =>
        fields.Take(MostFields).GroupBy(f => Name(f.Key)).ToDictionary(g => g.Key, g => VisibleText.Of(g.First().Value, Attributes.MostText * 2), StringComparer.Ordinal);

    private static string Name(string text) => VisibleText.Of(text, MostName);

    private static DateTimeOffset Time(long ticks, DateTimeOffset now) =>
        ticks > DateTimeOffset.UnixEpoch.UtcTicks && ticks < now.AddHours(1).UtcTicks ? new(ticks, TimeSpan.Zero) : now;

    private static ByteString Bytes(string? hex) => hex is null ? ByteString.Empty : ByteString.CopyFrom(Convert.FromHexString(hex));
}
