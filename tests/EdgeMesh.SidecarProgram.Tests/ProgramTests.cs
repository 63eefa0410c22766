using System.Diagnostics;
using System.Text.RegularExpressions;

namespace EdgeMesh.SidecarProgram.Tests;

/// <summary>The program as a launcher runs it, which looks at its output, its ports and its exit code alone.</summary>
public sealed partial class ProgramTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("edgemesh-program-").FullName;

    private Process? _program;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunFile_TwoApps_AreServedByOneProcessThatEndsWith0()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "dapr.yaml"), "version: 1\napps: [{appID: orders}, {appID: stock}]\n", Cancellation);
        var program = Start("--run-file", "dapr.yaml");
        var addresses = new List<Uri>();
        while (addresses.Count < 2 && await program.StandardOutput.ReadLineAsync(Cancellation) is { } line)
        {
            addresses.AddRange(Address().Matches(line).Select(m => new Uri(m.Groups[1].Value)));
        }

        using var http = new HttpClient();
        var answers = await Task.WhenAll(addresses.Select(a => http.GetStringAsync(new Uri(a, "/v1.0/metadata"), Cancellation)));
        Assert.Contains("\"id\":\"orders\"", answers[0], StringComparison.Ordinal);
        Assert.Contains("\"id\":\"stock\"", answers[1], StringComparison.Ordinal);

        using var shutdown = await http.PostAsync(new Uri(addresses[0], "/v1.0/shutdown"), null, Cancellation);
        await program.WaitForExitAsync(Cancellation);
        Assert.Equal(0, program.ExitCode);
    }

    [Theory]
    [InlineData(0, "--version")]
    [InlineData(2, "--no-such-flag")]
    [InlineData(1, "--app-id", "a", "--resources-path", "no-such-folder", "--dapr-http-port", "0", "--dapr-grpc-port", "0")]
    public async Task Run_AskedWrongOrRight_EndsWithItsCode(int expected, params string[] arguments)
    {
        var program = Start(arguments);
        await program.WaitForExitAsync(Cancellation);
        Assert.Equal(expected, program.ExitCode);
    }

    [Fact]
    public async Task HangUp_ReadsTheConfigurationAnew()
    {
        var program = StartWith("before");
        using var http = new HttpClient();
        Assert.Contains("before", await http.GetStringAsync(new Uri(await AddressAsync(program), "/v1.0/metadata"), Cancellation), StringComparison.Ordinal);
        Write("after");
        await SignalAsync(program, "-HUP");
        Assert.Contains("after", await http.GetStringAsync(new Uri(await AddressAsync(program), "/v1.0/metadata"), Cancellation), StringComparison.Ordinal);
        await SignalAsync(program, "-TERM");
        await program.WaitForExitAsync(Cancellation);
        Assert.Equal(0, program.ExitCode);
    }

    [Fact]
    public async Task HangUp_WhileItStopsForAnother_EndsNothing()
    {
        using var outside = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        outside.Start();
        var program = StartWith("any", "--dapr-graceful-shutdown-seconds", "60");
        using var http = new HttpClient();
        var held = http.GetAsync(new Uri(await AddressAsync(program), $"/v1.0/invoke/http://{outside.LocalEndpoint}/method/x"), Cancellation);
        using (var called = await outside.AcceptSocketAsync(Cancellation))
        {
            await SignalAsync(program, "-HUP");
            await SayAsync(program, "stopping");
            await SignalAsync(program, "-HUP");
            await called.ReceiveAsync(new byte[4096], Cancellation);
            await called.SendAsync("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"u8.ToArray(), Cancellation);
        }

        using var finished = await held;
        Assert.Equal(System.Net.HttpStatusCode.NoContent, finished.StatusCode);
        await AddressAsync(program);
        await SignalAsync(program, "-TERM");
        await program.WaitForExitAsync(Cancellation);
        Assert.Equal(0, program.ExitCode);
    }

    [Fact]
    public async Task Terminate_Twice_DoesNotWaitAnyMore_AndEndsWith1()
    {
        var program = StartWith("any", "--dapr-block-shutdown-duration", "10m");
        await AddressAsync(program);
        await SignalAsync(program, "-TERM");
        await SayAsync(program, "blocking shutdown");
        await SignalAsync(program, "-TERM");
        await program.WaitForExitAsync(Cancellation);
        Assert.Equal(1, program.ExitCode);
    }

    [Fact]
    public async Task Signals_OfDaprd_AreItsOwn()
    {
        var program = StartWith("any");
        using var http = new HttpClient();
        await AddressAsync(program);
        await SignalAsync(program, "-USR1");
        await SignalAsync(program, "-USR2");
        // Whoever ends by them has ended before this.
        await SignalAsync(program, "-HUP");
        Assert.Contains("\"id\":\"a\"", await http.GetStringAsync(new Uri(await AddressAsync(program), "/v1.0/metadata"), Cancellation), StringComparison.Ordinal);
        await SignalAsync(program, "-QUIT");
        await program.WaitForExitAsync(Cancellation);
        Assert.Equal(2, program.ExitCode);
    }

    private Process StartWith(string feature, params string[] more)
    {
        Write(feature);
        return Start(["--app-id", "a", "--dapr-http-port", "0", "--dapr-grpc-port", "0", "--config", "config.yaml", .. more]);
    }

    private void Write(string feature) =>
        File.WriteAllText(Path.Combine(_folder, "config.yaml"), $"apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: {{ name: c }}\nspec: {{ features: [{{ name: {feature}, enabled: true }}] }}\n");

    private static async Task<Uri> AddressAsync(Process program)
    {
        while (await program.StandardOutput.ReadLineAsync(Cancellation) is { } line)
        {
            if (Address().Match(line) is { Success: true } found)
            {
                return new Uri(found.Groups[1].Value);
            }
        }

        throw new InvalidOperationException("The program ended: " + await program.StandardError.ReadToEndAsync(Cancellation));
    }

    /// <summary>Waits until it says so.</summary>
    private static async Task SayAsync(Process program, string text)
    {
        while (await program.StandardOutput.ReadLineAsync(Cancellation) is { } line && !line.Contains(text, StringComparison.Ordinal))
        {
            // Another line.
        }
    }

    private static async Task SignalAsync(Process program, string signal)
    {
        using var kill = Process.Start("kill", [signal, $"{program.Id}"]);
        await kill.WaitForExitAsync(Cancellation);
    }

    private Process Start(params string[] arguments) =>
        _program = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "edgemesh-sidecar.dll"), .. arguments])
        {
            WorkingDirectory = _folder, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;

    /// <summary>A program that a failed test left behind ends with it.</summary>
    public void Dispose()
    {
        if (_program is { HasExited: false } left)
        {
            left.Kill();
            left.WaitForExit();
        }

        _program?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [GeneratedRegex("HTTP (http://[^;]+);")]
    private static partial Regex Address();
}
