using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Cli.Terminal;

namespace EdgeMesh.Cli.Commands;

/// <summary><c>edgemesh keys</c>: the data folder and every key, and nothing else.</summary>
internal sealed class KeysCommand : MeshCommand
{
    public KeysCommand(MeshOptions options, Screen screen)
        : base("keys", "Makes the data folder with every site's keys and certificates, where they are missing; up does it too", "keys", "keys --data-dir /var/lib/edgemesh") =>
        SetAction(parse =>
        {
            if (options.Read(parse, screen) is not { } place)
            {
                return ExitCode.Failed;
            }

            MeshProvisioner.Provision(place);
            screen.Line($"Every site has its keys in {place.Data.Path}");
            return ExitCode.Done;
        });
}
