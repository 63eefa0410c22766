using System.CommandLine;

namespace EdgeMesh.Cli.Commands;

/// <summary>Stands in the help; <see cref="CommandLine"/> hands everything behind it to the sidecar unread.</summary>
internal sealed class SidecarCommand : Command
{
    public const string CommandName = "sidecar";

    public SidecarCommand()
        : base(CommandName, "The embedded engine alone, for any app that speaks Dapr; takes daprd's flags (./edgemesh sidecar --help)") =>
        TreatUnmatchedTokensAsErrors = false;
}
