using EdgeMesh.Cli.Daprd;
using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Cli.Terminal;

namespace EdgeMesh.Cli.Commands;

/// <summary><c>edgemesh keys</c>: the data folder and every key, and nothing else.</summary>
internal sealed class KeysCommand : MeshCommand
{
    public KeysCommand(MeshOptions options, Screen screen)
        : base("keys", "Makes the data folder with every site's keys and certificates, where they are missing (up does it too), and the files of dapr run", "keys", "keys --data-dir /var/lib/edgemesh") =>
        SetAction(parse =>
        {
            if (options.Read(parse, screen) is not { } place)
            {
                return ExitCode.Failed;
            }

            MeshProvisioner.Provision(place);
            var onDaprd = place.On(MeshPlace.Daprd, null);
            foreach (var site in place.Topology.Sites)
            {
                DaprdFiles.Write(onDaprd, site);
            }

            screen.Line($"Every site has its keys in {place.Data.Path}");
            return ExitCode.Done;
        });
}
