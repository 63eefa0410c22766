using System.Net;
using System.Net.Sockets;
using EdgeMesh.Cli.Links;

namespace EdgeMesh.Cli.Tests.Links;

public sealed class LinkRelayTests : IAsyncLifetime
{
    private readonly TcpListener echo = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private LinkRelay relay = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        echo.Start();
        _ = EchoAsync();
        relay = new(0, ((IPEndPoint)echo.LocalEndpoint).Port, TimeProvider.System);
        relay.Start();
        return default;
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        echo.Dispose();
        await relay.DisposeAsync();
        stopping.Dispose();
    }

    [Fact]
    public async Task Pass_LargeMessage_ArrivesWholeAndUnchanged()
    {
        using var client = await ConnectAsync();
        var sent = new byte[3_000_000];
        Random.Shared.NextBytes(sent);
        var sending = client.SendAsync(sent, Cancellation);

        var received = await ReadAsync(client, sent.Length);

        await sending;
        Assert.Equal(sent, received);
    }

    [Fact]
    public async Task Cut_OpenConnection_IsResetAndNewOnesFail()
    {
        using var client = await ConnectAsync();
        await client.SendAsync("a"u8.ToArray(), Cancellation);
        Assert.Equal("a"u8.ToArray(), await ReadAsync(client, 1));

        relay.Cut();

        Assert.True(await IsDeadAsync(client));
        Assert.True(await IsRefusedAsync());
    }

    [Fact]
    public async Task Restore_AfterCut_PassesAgain()
    {
        relay.Cut();
        relay.Restore();

        using var client = await ConnectAsync();
        await client.SendAsync("b"u8.ToArray(), Cancellation);

        Assert.Equal("b"u8.ToArray(), await ReadAsync(client, 1));
    }

    [Fact]
    public async Task Delay_EchoTakesItTwice()
    {
        relay.Delay = TimeSpan.FromMilliseconds(60);
        using var client = await ConnectAsync();
        var started = TimeProvider.System.GetTimestamp();

        await client.SendAsync("c"u8.ToArray(), Cancellation);
        await ReadAsync(client, 1);

        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalMilliseconds, 115, 5000);
    }

    [Fact]
    public async Task Pass_ClientShutsDownItsHalf_StillGetsTheRest()
    {
        using var client = await ConnectAsync();
        await client.SendAsync("half"u8.ToArray(), Cancellation);
        client.Shutdown(SocketShutdown.Send);

        Assert.Equal("half"u8.ToArray(), await ReadAsync(client, 4));
        Assert.Equal(0, await client.ReceiveAsync(new byte[1], Cancellation));
    }

    private async Task<Socket> ConnectAsync()
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Loopback, relay.Port, Cancellation);
        return client;
    }

    private static async Task<byte[]> ReadAsync(Socket client, int length)
    {
        var received = new byte[length];
        for (var at = 0; at < length;)
        {
            var read = await client.ReceiveAsync(received.AsMemory(at), Cancellation);
            Assert.NotEqual(0, read);
            at += read;
        }

        return received;
    }

    private static async Task<bool> IsDeadAsync(Socket client)
    {
        try
        {
            await client.SendAsync("x"u8.ToArray(), Cancellation);
            return await client.ReceiveAsync(new byte[1], Cancellation) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    /// <summary>The reset may come before the connect returns or after.</summary>
    private async Task<bool> IsRefusedAsync()
    {
        try
        {
            using var client = await ConnectAsync();
            return await IsDeadAsync(client);
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private async Task EchoAsync()
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var socket = await echo.AcceptSocketAsync(stopping.Token);
                _ = ServeAsync(socket);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using (socket)
        {
            var buffer = new byte[8192];
            try
            {
                while (await socket.ReceiveAsync(buffer, stopping.Token) is > 0 and var read)
                {
                    await socket.SendAsync(buffer.AsMemory(0, read), stopping.Token);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                // The test is over, or cut the link.
            }
        }
    }
}
