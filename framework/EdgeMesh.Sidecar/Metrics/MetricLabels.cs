namespace EdgeMesh.Sidecar.Metrics;

/// <summary>Writes labels as Prometheus reads them, into a buffer that grows only for the longest.</summary>
internal ref struct MetricLabels(Span<char> buffer)
{
    private Span<char> _buffer = buffer;
    private int _length;

    public readonly ReadOnlySpan<char> Text => _buffer[.._length];

    public void Add(string name, string value)
    {
        if (_length > 0)
        {
            Append(",");
        }

        Append(name);
        Append("=\"");
        if (value.AsSpan().IndexOfAny('\\', '"', '\n') < 0)
        {
            Append(value);
        }
        else
        {
            Append(value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal));
        }

        Append("\"");
    }

    private void Append(string text)
    {
        if (_length + text.Length > _buffer.Length)
        {
            var larger = new char[Math.Max(_buffer.Length * 2, _length + text.Length)];
            _buffer[.._length].CopyTo(larger);
            _buffer = larger;
        }

        text.CopyTo(_buffer[_length..]);
        _length += text.Length;
    }
}
