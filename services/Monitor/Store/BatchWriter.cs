using Microsoft.Data.Sqlite;

namespace EdgeMesh.Services.Monitor.Store;

/// <summary>Writes batches as rows. Used by the store's thread alone, within its transaction.</summary>
internal sealed class BatchWriter : IDisposable
{
    /// <summary>Points of this much time lie together, by series: a batch of many series touches few pages, and so does a chart of one.</summary>
    public const long SlotTicks = 10 * TimeSpan.TicksPerMinute;

    private static readonly string[] Kinds = ["internal", "server", "client", "producer", "consumer"];

    private readonly TimedIds _ids = new();
    private readonly NameTables _names;
    private readonly OutgoingRows? _outgoing;
    private readonly Statement _log;
    private readonly Statement _span;
    private readonly Statement _hasSpan;
    private readonly Statement _trace;
    private readonly Statement _point;

    /// <param name="connection">The store's thread's.</param>
    /// <param name="outgoing">Takes note of what is to be forwarded; null: nothing is.</param>
    public BatchWriter(SqliteConnection connection, OutgoingRows? outgoing)
    {
        (_names, _outgoing) = (new(connection), outgoing);
        _log = new(connection, "INSERT OR IGNORE INTO log VALUES ($id, $source, $level, $time, $message, $fields, $trace, $span)",
            "$id", "$source", "$level", "$time", "$message", "$fields", "$trace", "$span");
        _span = new(connection, "INSERT OR IGNORE INTO span VALUES ($id, $source, $trace, $span, $parent, $kind, $error, $start, $duration, $name, $attributes, $links)",
            "$id", "$source", "$trace", "$span", "$parent", "$kind", "$error", "$start", "$duration", "$name", "$attributes", "$links");
        _hasSpan = new(connection, "SELECT 1 FROM span WHERE trace = $trace AND span = $span", "$trace", "$span");
        _trace = new(connection, """
            INSERT INTO trace VALUES ($trace, $start, $finish, $spans, $errors, $rooted, $source, $name)
            ON CONFLICT (trace) DO UPDATE SET
                source = iif(excluded.rooted > rooted OR (excluded.rooted = rooted AND excluded.start < start), excluded.source, source),
                name = iif(excluded.rooted > rooted OR (excluded.rooted = rooted AND excluded.start < start), excluded.name, name),
                rooted = max(rooted, excluded.rooted), start = min(start, excluded.start), finish = max(finish, excluded.finish),
                spans = spans + excluded.spans, errors = errors + excluded.errors
            """, "$trace", "$start", "$finish", "$spans", "$errors", "$rooted", "$source", "$name");
        _point = new(connection, "INSERT OR REPLACE INTO point VALUES ($slot, $series, $time, $value, $trace)", "$slot", "$series", "$time", "$value", "$trace");
    }

    public static string KindName(long kind) => Kinds[kind];

    /// <summary>How many records were left out.</summary>
    public int Write(TelemetryBatch batch)
    {
        var refused = batch.Logs.Count(line => !Write(line));
        var traces = new Dictionary<string, TraceGrowth>(StringComparer.Ordinal);
        foreach (var span in batch.Spans)
        {
            refused += Write(span, traces) ? 0 : 1;
        }

        foreach (var (trace, growth) in traces)
        {
            _trace.Run(Convert.FromHexString(trace), growth.Start, growth.Finish, growth.Spans, growth.Errors, growth.IsRooted ? 1 : 0, growth.Source, growth.Name);
        }

        return refused + batch.Samples.Count(sample => !Write(sample));
    }

    /// <summary>After a transaction that failed, or rows that were deleted.</summary>
    public void Forget()
    {
        _names.Forget();
        _outgoing?.Reload();
    }

    public void Dispose()
    {
        foreach (var statement in (IDisposable[])[_log, _span, _hasSpan, _trace, _point, _names])
        {
            statement.Dispose();
        }
    }

    private bool Write(LogLine line)
    {
        if (_names.Source(line.Site, line.Service, line.Time.UtcTicks / SlotTicks) is not { } source)
        {
            return false;
        }

        var (fields, trace, span) = (FieldsJson.Write(line.Fields), Bytes(line.TraceId), Bytes(line.SpanId));
        var row = _ids.Next(line.Time);
        for (var tries = 1; _log.Run(row, source, (int)line.Level, line.Time.UtcTicks, line.Message, fields, trace, span) == 0; tries++)
        {
            row = _ids.Next(line.Time, tries);
        }

        _outgoing?.Add(row, line);
        return true;
    }

    private bool Write(SpanRow span, Dictionary<string, TraceGrowth> traces)
    {
        if (_names.Source(span.Site, span.Service, span.Start.UtcTicks / SlotTicks) is not { } source)
        {
            return false;
        }

        var (trace, id, attributes) = (Bytes(span.TraceId), Bytes(span.SpanId), FieldsJson.Write(span.Attributes));
        var links = string.Join(' ', span.Links.Select(l => $"{l.TraceId}-{l.SpanId}"));
        var row = _ids.Next(span.Start);
        for (var tries = 1; _span.Run(row, source, trace, id, Bytes(span.ParentId), Math.Max(0, Array.IndexOf(Kinds, span.Kind)), span.IsError ? 1 : 0,
            span.Start.UtcTicks, span.Duration.Ticks, span.Name, attributes, links) == 0; tries++)
        {
            if (_hasSpan.Value(trace, id) is not null)
            {
                // Sent twice: it is here.
                return true;
            }

            row = _ids.Next(span.Start, tries);
        }

        _outgoing?.Add(row, span);

        var finish = span.Start.UtcTicks + span.Duration.Ticks;
        var one = new TraceGrowth(span.Start.UtcTicks, finish, 1, span.IsError ? 1 : 0, span.ParentId is null, source, span.Name);
        traces[span.TraceId] = traces.TryGetValue(span.TraceId, out var before) ? before.With(one) : one;
        return true;
    }

    private bool Write(SeriesSample sample)
    {
        var (time, slot) = (sample.Time.UtcTicks, sample.Time.UtcTicks / SlotTicks);
        if (_names.Source(sample.Site, sample.Service, slot) is not { } source || _names.Series(source, sample, slot) is not { } series)
        {
            return false;
        }

        _point.Run(slot, series, time, sample.Value, Bytes(sample.ExemplarTraceId));
        return true;
    }

    private static byte[]? Bytes(string? hex) => hex is null ? null : Convert.FromHexString(hex);

    /// <summary>What spans add to the summary of their trace.</summary>
    private sealed record TraceGrowth(long Start, long Finish, int Spans, int Errors, bool IsRooted, long Source, string Name)
    {
        public TraceGrowth With(TraceGrowth other)
        {
            var named = (other.IsRooted && !IsRooted) || (other.IsRooted == IsRooted && other.Start < Start) ? other : this;
            return named with
            {
                Start = Math.Min(Start, other.Start), Finish = Math.Max(Finish, other.Finish), Spans = Spans + other.Spans, Errors = Errors + other.Errors,
                IsRooted = IsRooted || other.IsRooted,
            };
        }
    }
}
