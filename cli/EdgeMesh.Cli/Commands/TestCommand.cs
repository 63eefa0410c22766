using EdgeMesh.Cli.Terminal;

namespace EdgeMesh.Cli.Commands;

/// <summary>Stands in the help; the launcher runs the tests itself, because they build what this program runs from.</summary>
internal sealed class TestCommand : MeshCommand
{
    public TestCommand(Screen screen)
        : base("test", "Builds everything and runs every test (./edgemesh test --help)", "test", "test --filter Topology", "test --engines")
    {
        TreatUnmatchedTokensAsErrors = false;
        SetAction(_ => screen.Fail("tests are run by the launcher.", "Run ./edgemesh test in the repository.", ExitCode.WrongUsage));
    }
}
