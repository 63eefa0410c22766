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

    private readonly int _epoll = Check(Create(CloseOnExec));
    private readonly byte[] _events;
    private readonly int _most;

    /// <param name="sockets">Told apart by their places.</param>
    public ReadySockets(IReadOnlyList<Socket> sockets)
    {
        (_most, _events) = (sockets.Count, new byte[sockets.Count * EventLength]);
        for (var place = 0; place < sockets.Count; place++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(_events, Readable);
            BinaryPrimitives.WriteInt32LittleEndian(_events.AsSpan(PlaceAt), place);
            Check(Control(_epoll, Add, sockets[place].SafeHandle, _events));
        }
    }

    /// <summary>How many have something, or are at their end; none when the time is over, which is kept to the grain of the kernel's timers and
    /// not to a millisecond.</summary>
    public int Wait(TimeSpan atMost)
    {
        var time = new Time((long)atMost.TotalSeconds, atMost.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick);
        var count = WaitFor(_epoll, _events, _most, in time, 0);
        return count < 0 && Marshal.GetLastPInvokeError() == Interrupted ? 0 : Check(count);
    }

    /// <summary>The place of one of those that the last <see cref="Wait"/> found.</summary>
    public int Place(int found) => BinaryPrimitives.ReadInt32LittleEndian(_events.AsSpan((found * EventLength) + PlaceAt));

    public void Dispose() => _ = Close(_epoll);

    private static int Check(int result) => result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(int epoll, int operation, SafeHandle socket, byte[] wanted);

    [LibraryImport("libc", EntryPoint = "epoll_pwait2", SetLastError = true)]
    private static partial int WaitFor(int epoll, [Out] byte[] events, int count, in Time atMost, nint signals);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);

    private readonly record struct Time(long Seconds, long Nanoseconds);
}
