using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using EdgeMesh.Tests.Servers;

namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>A real Redis on a free port, that tells of changed keys.</summary>
internal sealed class RedisProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly int _port;

    private RedisProcess(Process process, int port) => (_process, _port) = (process, port);

    public string Address => $"127.0.0.1:{_port.ToString(CultureInfo.InvariantCulture)}";

    public static async Task<RedisProcess> StartAsync(string folder)
    {
        var port = FreePorts.Take();
        var start = new ProcessStartInfo(EngineFiles.Find("redis-server")) { WorkingDirectory = folder, RedirectStandardOutput = true };
        foreach (var argument in (string[])["--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--dir", folder, "--notify-keyspace-events", "KEA"])
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start)!;
        process.BeginOutputReadLine();
        var redis = new RedisProcess(process, port);
        for (var tries = 0; ; tries++)
        {
            try
            {
                await redis.SendAsync("PING");
                return redis;
            }
            catch (SocketException) when (tries < 200 && !process.HasExited)
            {
                await Task.Delay(50);
            }
        }
    }

    /// <summary>One command on a connection of its own; waits for the answer.</summary>
    public async Task SendAsync(params string[] words)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", _port);
        var command = new StringBuilder($"*{words.Length}\r\n");
        foreach (var word in words)
        {
            command.Append(CultureInfo.InvariantCulture, $"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n");
        }

        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(command.ToString()));
        var answer = new byte[64];
        var length = await client.GetStream().ReadAsync(answer);
        Assert.NotEqual('-', (char)answer[0]);
        Assert.True(length > 0);
    }

    /// <summary>As a server that fails.</summary>
    public async Task StopAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await StopAsync();
        }

        _process.Dispose();
    }
}
