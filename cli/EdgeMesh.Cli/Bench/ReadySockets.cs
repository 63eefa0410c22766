using System.Buffers.Binary;
using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace EdgeMesh.Cli.Bench;

/// <summary>Which of some sockets have something to read, by <c>epoll</c>: it costs the same for one socket and for 32, where the runtime's
/// <c>Socket.Select</c> goes through all of them each time, and the time that the load generator takes is that of who is measured.</summary>
internal sealed partial class ReadySockets : IDisposable
{
    private const int CloseOnExec = 0x80000;
    private const int Add = 1;
    private const int Readable = 1;
    private const int Interrupted = 4;

    /// <summary>The kernel's <c>struct epoll_event</c>, which is packed on x86-64 alone: what happened, then a number of the caller's.</summary>
    private static readonly int EventLength = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int PlaceAt = EventLength - 8;

    /// <summary>Older C libraries wait to a millisecond alone.</summary>
    private static bool hasFineTime = true;

    private readonly int epoll;
    private readonly byte[] events;
    private readonly int most;

    /// <param name="sockets">Told apart by their places.</param>
    /// <exception cref="PlatformNotSupportedException">There is no <c>epoll</c>.</exception>
    public ReadySockets(IReadOnlyList<Socket> sockets)
    {
        epoll = OperatingSystem.IsLinux() ? Check(Create(CloseOnExec)) : throw new PlatformNotSupportedException("calls are measured on Linux alone: the load generator waits by epoll.");
        (most, events) = (sockets.Count, new byte[sockets.Count * EventLength]);
        for (var place = 0; place < sockets.Count; place++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(events, Readable);
            BinaryPrimitives.WriteInt32LittleEndian(events.AsSpan(PlaceAt), place);
            Check(Control(epoll, Add, sockets[place].SafeHandle, events));
        }
    }

    /// <summary>How many have something, or are at their end; none when the time is over, which is kept to the grain of the kernel's timers and
    /// not to a millisecond, where the C library can (glibc from 2.35).</summary>
    public int Wait(TimeSpan atMost)
    {
        var count = WaitFor(atMost);
        return count < 0 && Marshal.GetLastPInvokeError() == Interrupted ? 0 : Check(count);
    }

    /// <summary>The place of one of those that the last <see cref="Wait"/> found.</summary>
    public int Place(int found) => BinaryPrimitives.ReadInt32LittleEndian(events.AsSpan((found * EventLength) + PlaceAt));

    public void Dispose() => _ = Close(epoll);

    private int WaitFor(TimeSpan atMost)
    {
        try
        {
            if (hasFineTime)
            {
                var time = new Time((long)atMost.TotalSeconds, atMost.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick);
                return WaitFinely(epoll, events, most, in time, 0);
            }
        }
        catch (EntryPointNotFoundException)
        {
            hasFineTime = false;
        }

        return WaitCoarsely(epoll, events, most, (int)Math.Ceiling(atMost.TotalMilliseconds));
    }

    private static int Check(int result) => result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(int epoll, int operation, SafeHandle socket, byte[] wanted);

    [LibraryImport("libc", EntryPoint = "epoll_pwait2", SetLastError = true)]
    private static partial int WaitFinely(int epoll, [Out] byte[] events, int count, in Time atMost, nint signals);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int WaitCoarsely(int epoll, [Out] byte[] events, int count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);

    private readonly record struct Time(long Seconds, long Nanoseconds);
}
