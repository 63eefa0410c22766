using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace EdgeMesh.Sidecar.Connections;

/// <summary>Sends what a socket takes at once, and never waits: on a socket that blocks the runtime's own call would, and would so hold a lock of the
/// server's while a caller reads slowly.</summary>
internal static partial class PromptSend
{
    private const int DontWait = 0x40;
    private const int NoSignal = 0x4000;
    private const int Interrupted = 4;
    private const int TryAgain = 11;

    /// <returns>How many bytes were taken; fewer than there are, or none: the rest has to wait.</returns>
    /// <exception cref="SocketException">The other side has gone.</exception>
    public static unsafe int Send(Socket socket, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* from = bytes)
        {
            while (true)
            {
                var sent = SendTo(socket.SafeHandle, from, (nuint)bytes.Length, DontWait | NoSignal);
                if (sent >= 0)
                {
                    return (int)sent;
                }

                switch (Marshal.GetLastPInvokeError())
                {
                    case Interrupted:
                        continue;
                    case TryAgain:
                        return 0;
                    default:
                        throw new SocketException((int)SocketError.ConnectionReset);
                }
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static unsafe partial nint SendTo(SafeHandle socket, byte* bytes, nuint length, int flags);
}
