using System.Buffers;

namespace EdgeMesh.Functions.Sandbox;

/// <summary>stdin, stdout and stderr of one call, each bounded.</summary>
internal sealed class CallStreams(CallInput input)
{
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly ArrayBufferWriter<byte> _log = new();
    private int _read;

    public ReadOnlyMemory<byte> Output => _output.WrittenMemory;

    public ReadOnlyMemory<byte> Log => _log.WrittenMemory;

    public long LogDropped { get; private set; }

    /// <summary>Copies what is left of stdin; 0 at its end.</summary>
    public int Read(Span<byte> target)
    {
        var count = Math.Min(target.Length, input.Data.Length - _read);
        input.Data.Span.Slice(_read, count).CopyTo(target);
        _read += count;
        return count;
    }

    /// <summary>False: it would be more than the call may write.</summary>
    public bool TryWrite(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > input.Limits.OutputBytes - _output.WrittenCount)
        {
            return false;
        }

        _output.Write(bytes);
        return true;
    }

    public void WriteLog(ReadOnlySpan<byte> bytes)
    {
        var kept = Math.Min(bytes.Length, input.Limits.LogBytes - _log.WrittenCount);
        _log.Write(bytes[..kept]);
        LogDropped += bytes.Length - kept;
    }
}
