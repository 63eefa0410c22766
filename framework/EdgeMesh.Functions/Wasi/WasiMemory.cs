using System.Buffers.Binary;
using EdgeMesh.Functions.Sandbox;
using Wasmtime;

namespace EdgeMesh.Functions.Wasi;

/// <summary>The function's memory, as a host function may touch it: every access is checked against its present size, so a wild pointer
/// is an error number and nothing else.</summary>
internal static class WasiMemory
{
    public static bool TryGet(this Caller caller, int address, int length, out Span<byte> bytes)
    {
        var memory = ActiveCall.Of(caller).MemoryOf(caller);
        if (length < 0 || memory is null || (uint)address + (long)length > memory.GetLength())
        {
            bytes = default;
            return false;
        }

        bytes = memory.GetSpan((uint)address, length);
        return true;
    }

    public static bool TryWrite(this Caller caller, int address, uint value)
    {
        if (!caller.TryGet(address, sizeof(uint), out var bytes))
        {
            return false;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return true;
    }

    public static bool TryWrite(this Caller caller, int address, ulong value)
    {
        if (!caller.TryGet(address, sizeof(ulong), out var bytes))
        {
            return false;
        }

        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return true;
    }

    /// <summary>Reads the i-th of a list of (address, length) pairs.</summary>
    public static bool TryGetPiece(this Caller caller, int list, int index, out Span<byte> piece)
    {
        piece = default;
        return caller.TryGet(unchecked(list + index * 8), 8, out var pair)
            && caller.TryGet(BinaryPrimitives.ReadInt32LittleEndian(pair), BinaryPrimitives.ReadInt32LittleEndian(pair[4..]), out piece);
    }
}
