using System.CommandLine;
using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Cli.Terminal;
using EdgeMesh.Cli.Up;

namespace EdgeMesh.Cli.Commands;

/// <summary><c>edgemesh down</c>: stops the mesh of a data folder; its data stays.</summary>
internal sealed class DownCommand : MeshCommand
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    public DownCommand(MeshOptions options, Screen screen)
        : base("down", "Stops the mesh that runs with this data folder; its data stays", "down", "down --data-dir /tmp/second-mesh") =>
        SetAction(async (parse, cancellation) =>
        {
            if (options.Read(parse, screen) is not { } place)
            {
                return ExitCode.Failed;
            }

            return await StopAsync(place.Data, cancellation) switch
            {
                null => screen.Fail($"no mesh is up with {place.Data.Path}.", "Start one with ./edgemesh up -d, or name its folder with --data-dir."),
                true => Say(screen),
                false => screen.Fail($"the mesh did not stop within {StopLimit.TotalSeconds:0} s.", $"Its log: {place.Data.UpLog}"),
            };
        });

    /// <summary>True when it stopped, false when it did not in time, null when there was none.</summary>
    public static async Task<bool?> StopAsync(DataFolder data, CancellationToken cancellation)
    {
        if (await ControlClient.AskAsync(data, new("down"), cancellation) is null)
        {
            return null;
        }

        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        while (FolderLock.IsHeld(data.UpLock))
        {
            if (clock.GetElapsedTime(started) > StopLimit)
            {
                return false;
            }

            await Task.Delay(LookEvery, clock, cancellation);
        }

        return true;
    }

    private static int Say(Screen screen)
    {
        screen.Line("The mesh is down.");
        return ExitCode.Done;
    }
}
