using System.Buffers;
using System.Diagnostics;
using System.Globalization;

namespace EdgeMesh.Telemetry;

/// <summary>Writes one record of the Elastic Common Schema without allocating: the rest of an object that <see cref="EcsOrigin.Head"/> begins.
/// Whatever a caller logs ends up inside a string of <c>message</c>, <c>labels</c> or <c>error</c>: it can't forge another field or a second line.</summary>
internal sealed class EcsRecord
{
    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-@");

    [ThreadStatic]
    private static EcsRecord? ofThread;

    private readonly RecordBuffer _buffer = new();
    private readonly string[] _names = new string[EcsLimits.Labels];
    private EcsLimits _limits = EcsLimits.Usual;
    private int _labels;
    private long _cut;
    private bool _busy;

    /// <summary>The thread's own. A value whose <c>ToString</c> logs itself gets another.</summary>
    public static EcsRecord Rent()
    {
        var record = ofThread is { _busy: false } free ? free : new EcsRecord();
        ofThread ??= record;
        record._busy = true;
        return record;
    }

    public void Return() => _busy = false;

    public void Begin(EcsLimits limits, DateTimeOffset time, string level, ReadOnlySpan<char> message)
    {
        (_limits, _labels, _cut) = (limits, 0, 0);
        _buffer.Clear();
        _buffer.Raw(",\"@timestamp\":\""u8);
        EcsTime.Write(time, _buffer.Room(EcsTime.Length));
        _buffer.Advance(EcsTime.Length);
        _buffer.Raw("\",\"log.level\":\""u8);
        _buffer.Text(level);
        _buffer.Raw("\""u8);
        Field(",\"message\":\""u8, message, limits.Message);
    }

    public void Logger(string name) => Field(",\"log.logger\":\""u8, name, _limits.Value);

    public void Action(string name) => Field(",\"event.action\":\""u8, name, _limits.Value);

    public void Trace(ActivityTraceId trace, ActivitySpanId span)
    {
        Field(",\"trace.id\":\""u8, trace.ToHexString(), _limits.Value);
        Field(",\"span.id\":\""u8, span.ToHexString(), _limits.Value);
    }

    public void Error(Exception error)
    {
        Field(",\"error.type\":\""u8, error.GetType().FullName, _limits.Value);
        Field(",\"error.message\":\""u8, error.Message, _limits.Message);
        Field(",\"error.stack_trace\":\""u8, error.ToString(), _limits.Stack);
    }

    /// <summary>The schema's labels are texts: a number in one record and a text in another would make the index refuse the second. Two with
    /// one name: the first stays. Comes after all else.</summary>
    public void Label(string name, object value)
    {
        if (!TryName(ref name))
        {
            return;
        }

        _buffer.Raw(_labels == 1 ? ",\"labels\":{\""u8 : ",\""u8);
        _buffer.Text(name);
        _buffer.Raw("\":\""u8);
        if (value is string text)
        {
            _buffer.Text(Cut(text, _limits.Value));
        }
        else if (value is IUtf8SpanFormattable number && number.TryFormat(_buffer.Room(64)[..64], out var length, default, CultureInfo.InvariantCulture)
            && RecordBuffer.IsPlain(_buffer.Room(64)[..length]))
        {
            _buffer.Advance(length);
        }
        else
        {
            _buffer.Text(Cut(Convert.ToString(value, CultureInfo.InvariantCulture), _limits.Value));
        }

        _buffer.Raw("\""u8);
    }

    /// <summary>The record's rest, beginning with the comma behind the head. Good until the record is begun or returned.</summary>
    public ReadOnlySpan<byte> End()
    {
        if (_labels > 0)
        {
            _buffer.Raw("}"u8);
        }

        if (_cut > 0)
        {
            _buffer.Raw(",\"edgemesh.cut\":"u8);
            _cut.TryFormat(_buffer.Room(20), out var length, default, CultureInfo.InvariantCulture);
            _buffer.Advance(length);
        }

        _buffer.Raw("}"u8);
        return _buffer.Written;
    }

    private void Field(ReadOnlySpan<byte> name, ReadOnlySpan<char> text, int limit)
    {
        _buffer.Raw(name);
        _buffer.Text(Cut(text, limit));
        _buffer.Raw("\""u8);
    }

    private bool TryName(ref string name)
    {
        if (name.Length > EcsLimits.Name || name.AsSpan().ContainsAnyExcept(NameCharacters))
        {
            // A dot would make an object where another record has a text.
            name = string.Create(Math.Min(name.Length, EcsLimits.Name), name, static (to, from) =>
            {
                for (var n = 0; n < to.Length; n++)
                {
                    to[n] = NameCharacters.Contains(from[n]) ? from[n] : '_';
                }
            });
        }

        if (name.Length == 0 || _labels == EcsLimits.Labels || _names.AsSpan(0, _labels).Contains(name))
        {
            _cut++;
            return false;
        }

        _names[_labels++] = name;
        return true;
    }

    private ReadOnlySpan<char> Cut(ReadOnlySpan<char> text, int limit)
    {
        if (text.Length <= limit)
        {
            return text;
        }

        // Not through a pair: half a character would come out as a replacement.
        limit -= char.IsHighSurrogate(text[limit - 1]) ? 1 : 0;
        _cut += text.Length - limit;
        return text[..limit];
    }
}
