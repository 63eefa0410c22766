using EdgeMesh.Functions.Sandbox;
using Wasmtime;

namespace EdgeMesh.Functions.Wasi;

/// <summary>The three descriptors that there are: 0, 1 and 2. Every other one is bad, so no file and no folder can be named.</summary>
internal static class StreamCalls
{
    /// <summary>Pieces in one read or write; wasi-libc uses two.</summary>
    private const int MaxPieces = 1024;

    private const byte CharacterDevice = 2;
    private const ulong ReadRight = 1 << 1;
    private const ulong WriteRight = 1 << 6;

    public static int Read(Caller caller, int descriptor, int pieces, int count, int read)
    {
        if (descriptor != 0)
        {
            return Errno.BadDescriptor;
        }

        if ((uint)count > MaxPieces)
        {
            return Errno.Invalid;
        }

        var (streams, total) = (ActiveCall.Of(caller).Streams, 0);
        for (var i = 0; i < count; i++)
        {
            if (!caller.TryGetPiece(pieces, i, out var piece))
            {
                return Errno.Fault;
            }

            var copied = streams.Read(piece);
            total += copied;
            if (copied < piece.Length)
            {
                break;
            }
        }

        return caller.TryWrite(read, (uint)total) ? Errno.Success : Errno.Fault;
    }

    public static int Write(Caller caller, int descriptor, int pieces, int count, int written)
    {
        if (descriptor is not (1 or 2))
        {
            return Errno.BadDescriptor;
        }

        if ((uint)count > MaxPieces)
        {
            return Errno.Invalid;
        }

        var (call, total) = (ActiveCall.Of(caller), 0);
        for (var i = 0; i < count; i++)
        {
            if (!caller.TryGetPiece(pieces, i, out var piece))
            {
                return Errno.Fault;
            }

            if (descriptor == 2)
            {
                call.Streams.WriteLog(piece);
            }
            else if (!call.Streams.TryWrite(piece))
            {
                throw call.Stop(CallOutcome.OutputTooLarge, $"it wrote more than {call.Input.Limits.OutputBytes} bytes to stdout; raise limits.output or write less");
            }

            total += piece.Length;
        }

        return caller.TryWrite(written, (uint)total) ? Errno.Success : Errno.Fault;
    }

    /// <summary>Type and rights: enough for a C library to decide how to buffer.</summary>
    public static int State(Caller caller, int descriptor, int state)
    {
        if (descriptor is < 0 or > 2)
        {
            return Errno.BadDescriptor;
        }

        if (!caller.TryGet(state, 24, out var bytes))
        {
            return Errno.Fault;
        }

        bytes.Clear();
        bytes[0] = CharacterDevice;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], descriptor == 0 ? ReadRight : WriteRight);
        return Errno.Success;
    }

    public static int FileState(Caller caller, int descriptor, int state)
    {
        if (descriptor is < 0 or > 2)
        {
            return Errno.BadDescriptor;
        }

        if (!caller.TryGet(state, 64, out var bytes))
        {
            return Errno.Fault;
        }

        bytes.Clear();
        bytes[16] = CharacterDevice;
        return Errno.Success;
    }

    public static int Close(int descriptor) => descriptor is >= 0 and <= 2 ? Errno.Success : Errno.BadDescriptor;

    public static int Seek(int descriptor) => descriptor is >= 0 and <= 2 ? Errno.IllegalSeek : Errno.BadDescriptor;
}
