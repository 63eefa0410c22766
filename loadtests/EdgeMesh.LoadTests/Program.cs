using EdgeMesh.LoadTests;
using EdgeMesh.LoadTests.Engines;

return args is [TargetApp.Command, var port] ? await TargetApp.RunAsync(port) : await BenchCommandLine.RunAsync(args);
