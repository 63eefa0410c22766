using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Cli.Terminal;

namespace EdgeMesh.Cli.Up;

/// <summary><c>up -d</c>: a process of its own holds the mesh; the command returns when every service is ready.</summary>
internal static class UpInBackground
{
    private const string Detach = """log=$1; shift; if command -v setsid >/dev/null 2>&1; then setsid "$@" >>"$log" 2>&1 </dev/null & else nohup "$@" >>"$log" 2>&1 </dev/null & fi""";

    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>In the background process: holds the mesh until <c>down</c> or SIGTERM.</summary>
    public static async Task<int> ServeAsync(MeshPlace place, TimeSpan limit, CancellationToken cancellation)
    {
        PrivateFiles.CreateFolder(place.Data.Path);
        await using var log = new RollingLog(place.Data.UpLog);
        var screen = new Screen(log, log, isTerminal: false);

        // A closed terminal must not end it.
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => context.Cancel = true);
        return await UpInForeground.RunAsync(place, limit, screen, cancellation);
    }

    public static async Task<int> StartAsync(MeshPlace place, TimeSpan limit, Screen screen, CancellationToken cancellation)
    {
        PrivateFiles.CreateFolder(place.Data.Path);
        Launch(place, limit);
        var (status, isReady) = await WaitAsync(place, limit, cancellation);
        if (isReady)
        {
            MeshTable.Print(screen, status!, place);
            screen.Note($"The mesh runs in the background; logs: {place.Data.UpLog}; ./edgemesh down stops it.");
            return ExitCode.Done;
        }

        if (status is not null)
        {
            MeshTable.PrintWaiting(screen, status);
            await DownCommand.StopAsync(place.Data, cancellation);
        }

        return screen.Fail("the mesh did not get ready and was stopped.", $"Its log ({place.Data.UpLog}) says:\n  {string.Join("\n  ", Digest(place.Data.UpLog))}");
    }

    private static IReadOnlyList<string> Digest(string log) => File.Exists(log) ? LogDigest.Of(File.ReadLines(log)) : ["nothing: is the folder writable?"];

    private static void Launch(MeshPlace place, TimeSpan limit)
    {
        string[] arguments =
        [
            "up", "--background", "--topology", place.Topology.File, "--data-dir", place.Data.Path,
            "--port-shift", place.Topology.PortShift.ToString(CultureInfo.InvariantCulture),
            "--ready-within", limit.TotalSeconds.ToString(CultureInfo.InvariantCulture), "--components", place.Components, "--engine", place.Engine,
        ];
        var info = new ProcessStartInfo("/bin/sh");
        foreach (var argument in (string[])["-c", Detach, "edgemesh", place.Data.UpLog, .. SelfProcess.Command(arguments)])
        {
            info.ArgumentList.Add(argument);
        }

        using var shell = Process.Start(info);
        shell?.WaitForExit();
    }

    private static async Task<(MeshStatus? Status, bool IsReady)> WaitAsync(MeshPlace place, TimeSpan limit, CancellationToken cancellation)
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        MeshStatus? status = null;
        while (clock.GetElapsedTime(started) < limit)
        {
            status = (await ControlClient.AskAsync(place.Data, new("status"), cancellation))?.Status ?? status;
            if (status?.Sites.All(s => s.State == "ready") == true)
            {
                return (status, true);
            }

            if (status?.Sites.Any(s => s.State == "failed") == true)
            {
                break;
            }

            await Task.Delay(AskEvery, clock, cancellation);
        }

        return (status, false);
    }
}
