using System.CommandLine;
using EdgeMesh.Cli.Terminal;
using EdgeMesh.Cli.Verifying;

namespace EdgeMesh.Cli.Commands;

/// <summary><c>edgemesh ledger verify URL|DIR</c>.</summary>
internal sealed class LedgerCommand : MeshCommand
{
    public LedgerCommand(MeshOptions options, Screen screen)
        : base("ledger", "Verifies an audit ledger from its public data alone", "ledger verify https://127.0.0.1:7201/ledger/") =>
        Add(new Verify(options, screen));

    private sealed class Verify : MeshCommand
    {
        public Verify(MeshOptions options, Screen screen)
            : base("verify", "Recomputes every tile and the root, checks the checkpoint's signature, and that the log begins with what other sites cosigned; names the entry that does not fit",
                "ledger verify https://127.0.0.1:7201/ledger/", "ledger verify ./copy-of-a-ledger --key \"$(cat ledger.vkey)\"", "ledger verify https://127.0.0.1:7101/ledger/ --json")
        {
            var target = new Argument<string>("URL|DIR") { Description = "The ledger's address, or a folder with its checkpoint and tiles" };
            var key = new Option<string?>("--key") { Description = "The ledger's verifier key (signed-note format); default: the one of the mesh's directory", HelpName = "VKEY" };
            var json = new Option<bool>("--json") { Description = "The finding as one line of JSON" };
            Add(target);
            Add(key);
            Add(json);
            SetAction(async (parse, cancellation) =>
                options.Read(parse, screen) is { } place
                    ? await LedgerVerification.RunAsync(place, parse.GetRequiredValue(target), parse.GetValue(key), parse.GetValue(json), screen, cancellation)
                    : ExitCode.Failed);
        }
    }
}
