using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace EdgeMesh.Sidecar.Connections;

/// <summary>Waits for bytes on the thread that calls, and says when none come. The runtime's own call would throw for that, and would wait by the loop
/// over all sockets once it has made a socket one that never blocks.</summary>
internal static partial class PromptReceive
{
    private const int Interrupted = 4;
    private const int TryAgain = 11;
    private const short Readable = 1;

    /// <param name="socket">Where it blocks, for as long as its own <see cref="Socket.ReceiveTimeout"/> says.</param>
    /// <param name="blocks">Whether it does.</param>
    /// <param name="to">Where the bytes go.</param>
    /// <returns>How many came; 0: the other side has said its last; null: none came in that time.</returns>
    /// <exception cref="SocketException">The other side has gone.</exception>
    /// <exception cref="ObjectDisposedException">The socket was closed.</exception>
    public static unsafe int? Receive(Socket socket, bool blocks, Span<byte> to)
    {
        while (true)
        {
            fixed (byte* into = to)
            {
                var received = ReceiveFrom(socket.SafeHandle, into, (nuint)to.Length, 0);
                if (received >= 0)
                {
                    return (int)received;
                }
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted:
                    continue;
                case TryAgain when blocks || !IsReadable(socket, socket.ReceiveTimeout):
                    return null;
                case TryAgain:
                    continue;
                default:
                    throw new SocketException((int)SocketError.ConnectionReset);
            }
        }
    }

    private static unsafe bool IsReadable(Socket socket, int milliseconds)
    {
        var (handle, isHeld) = (socket.SafeHandle, false);
        try
        {
            // Whoever closes the socket waits until it is given back, and wakes who waits here.
            handle.DangerousAddRef(ref isHeld);
            var asked = new Asked { Handle = (int)handle.DangerousGetHandle(), Events = Readable };
            return Poll(&asked, 1, milliseconds) != 0;
        }
        finally
        {
            if (isHeld)
            {
                handle.DangerousRelease();
            }
        }
    }

    /// <summary>As the system has it.</summary>
    private struct Asked
    {
        public int Handle;
        public short Events;
        public short Seen;
    }

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static unsafe partial nint ReceiveFrom(SafeHandle socket, byte* bytes, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static unsafe partial int Poll(Asked* asked, nuint count, int milliseconds);
}
