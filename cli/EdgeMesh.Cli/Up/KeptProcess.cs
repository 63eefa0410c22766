using System.ComponentModel;
using System.Diagnostics;
using EdgeMesh.Cli.Terminal;

namespace EdgeMesh.Cli.Up;

/// <summary>A process that is started again when it dies. It lives as long as its standard input stays open: so whoever keeps it,
/// and is killed, leaves nothing behind.</summary>
/// <param name="name">For its lines.</param>
/// <param name="start">How it is started.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Takes a name and a line.</param>
/// <param name="ended">Told each time that it has died, before it is started again.</param>
/// <param name="givesUp">Whether its exit code may say that it can't start as things are.</param>
internal sealed class KeptProcess(string name, Func<ProcessStartInfo> start, TimeProvider clock, Action<string, string> log, Action? ended = null, bool givesUp = false)
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);

    private readonly Backoff backoff = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(30));
    private Process? process;

    public string Name => name;

    public int? Pid { get; private set; }

    public int Restarts { get; private set; }

    /// <summary>It said that it can't start as things are, and was not started again; a crash is something else.</summary>
    public bool HasGivenUp { get; private set; }

    /// <summary>Starts the process and keeps it running; ends when cancelled, after the process has.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            var started = clock.GetTimestamp();
            var code = await RunOnceAsync(cancellation);
            if (cancellation.IsCancellationRequested || HasGivenUp)
            {
                return;
            }

            ended?.Invoke();
            var wait = backoff.Next(clock.GetElapsedTime(started));
            log(name, $"the process ended ({code}); starting it again in {wait.TotalSeconds:0.#} s");
            try
            {
                await Task.Delay(wait, clock, cancellation);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            Restarts++;
        }
    }

    /// <summary>Ends the process at once, if it runs; as after a crash, another is started.</summary>
    public void Kill()
    {
        try
        {
            process?.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended.
        }
    }

    private async Task<string> RunOnceAsync(CancellationToken cancellation)
    {
        var info = start();
        info.RedirectStandardInput = info.RedirectStandardOutput = info.RedirectStandardError = true;
        try
        {
            process = Process.Start(info);
        }
        catch (Win32Exception e)
        {
            return e.Message;
        }

        using var running = process!;
        Pid = running.Id;
        var output = Task.WhenAll(PumpAsync(running.StandardOutput), PumpAsync(running.StandardError));
        try
        {
            await running.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            await StopAsync(running);
        }

        Pid = null;
        HasGivenUp = givesUp && running.ExitCode is ExitCode.Failed or ExitCode.WrongUsage;
        await output;
        return running.ExitCode > 128 ? $"signal {running.ExitCode - 128}" : $"exit code {running.ExitCode}";
    }

    private async Task StopAsync(Process running)
    {
        running.StandardInput.Close();
        try
        {
            await running.WaitForExitAsync(CancellationToken.None).WaitAsync(StopLimit, clock, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            log(name, $"did not stop within {StopLimit.TotalSeconds:0} s and is killed; what it acknowledged is durable");
            running.Kill(entireProcessTree: true);
            await running.WaitForExitAsync(CancellationToken.None);
        }
    }

    private async Task PumpAsync(StreamReader lines)
    {
        while (await lines.ReadLineAsync(CancellationToken.None) is { } line)
        {
            log(name, line);
        }
    }
}
