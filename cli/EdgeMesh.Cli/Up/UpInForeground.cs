using System.Net.Sockets;
using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Cli.Terminal;

namespace EdgeMesh.Cli.Up;

/// <summary>The mesh as long as the command runs, with its logs on the screen.</summary>
internal static class UpInForeground
{
    public static async Task<int> RunAsync(MeshPlace place, TimeSpan limit, Screen screen, CancellationToken cancellation)
    {
        PrivateFiles.CreateFolder(place.Data.Path);
        using var owner = FolderLock.TryTake(place.Data.UpLock);
        if (owner is null)
        {
            return screen.Fail($"another edgemesh up is starting with {place.Data.Path}.", "Use its mesh, or give this one a --data-dir of its own.");
        }

        MeshProvisioner.Provision(place);
        var lines = new LogLines(screen, [.. place.Topology.Sites.Select(s => s.Name)]);
        await using var run = new MeshRun(place, TimeProvider.System, lines.Write, screen.IsTerminal ? "text" : "json");
        try
        {
            run.Start();
        }
        catch (SocketException error)
        {
            return screen.Fail($"a port of the mesh was taken while it started: {error.Message}.", "Stop what took it and start again, or move all ports: --port-shift 1000.");
        }

        try
        {
            if (await run.WaitUntilReadyAsync(limit, cancellation))
            {
                MeshTable.Print(screen, await run.StatusAsync(cancellation), place);
                screen.Note("Ctrl-C stops the mesh.");
            }
            else
            {
                MeshTable.PrintWaiting(screen, await run.StatusAsync(cancellation));
            }

            await run.Asked.WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            screen.Note("Stopping every site; what was acknowledged stays.");
        }

        return ExitCode.Done;
    }
}
