using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Terminal;

return await CommandLine.RunAsync(args, Screen.OfProcess());
