using System.Buffers.Binary;
using System.Security.Cryptography;
using EdgeMesh.Functions.Sandbox;
using Wasmtime;

namespace EdgeMesh.Functions.Wasi;

/// <summary>Arguments, environment, clocks, randomness, exit.</summary>
internal static class ProcessCalls
{
    private const int Realtime = 0;
    private const int Monotonic = 1;
    private const ulong NanosecondsPerTick = 100;
    private const ulong CoarseStep = 1_000_000;

    /// <summary>Random bytes in one call; a loop gets more, and pays for each round.</summary>
    private const int MaxRandom = 64 * 1024;

    public static int Sizes(Caller caller, WasiStrings strings, int count, int size) =>
        caller.TryWrite(count, (uint)strings.Offsets.Length) && caller.TryWrite(size, (uint)strings.Bytes.Length) ? Errno.Success : Errno.Fault;

    public static int Copy(Caller caller, WasiStrings strings, int pointers, int bytes)
    {
        if (!caller.TryGet(bytes, strings.Bytes.Length, out var target) || !caller.TryGet(pointers, strings.Offsets.Length * 4, out var list))
        {
            return Errno.Fault;
        }

        strings.Bytes.CopyTo(target);
        for (var i = 0; i < strings.Offsets.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(list[(i * 4)..], unchecked(bytes + strings.Offsets[i]));
        }

        return Errno.Success;
    }

    public static int Resolution(Caller caller, int clock, int resolution) => clock is not (Realtime or Monotonic)
        ? Errno.Invalid
        : caller.TryWrite(resolution, ActiveCall.Of(caller).Input.PreciseClock ? NanosecondsPerTick : CoarseStep) ? Errno.Success : Errno.Fault;

    public static int Time(Caller caller, int clock, int time)
    {
        var call = ActiveCall.Of(caller);
        ulong nanoseconds;
        switch (clock)
        {
            case Realtime:
                nanoseconds = (ulong)(call.Clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * NanosecondsPerTick;
                break;
            case Monotonic:
                // From the call's beginning, so that it says nothing of the machine.
                nanoseconds = (ulong)call.Elapsed.Ticks * NanosecondsPerTick;
                break;
            default:
                return Errno.Invalid;
        }

        return caller.TryWrite(time, call.Input.PreciseClock ? nanoseconds : nanoseconds / CoarseStep * CoarseStep) ? Errno.Success : Errno.Fault;
    }

    public static int Random(Caller caller, int address, int length)
    {
        if ((uint)length > MaxRandom)
        {
            return Errno.Invalid;
        }

        if (!caller.TryGet(address, length, out var bytes))
        {
            return Errno.Fault;
        }

        RandomNumberGenerator.Fill(bytes);
        return Errno.Success;
    }

    public static void Exit(Caller caller, int code) => throw ActiveCall.Of(caller).Exit(code);
}
