using EdgeMesh.Services.Monitor.Tests;
using EdgeMesh.Services.Monitor.Tests.Forward;
using Xunit.Runner.InProc.SystemConsole;

// The tests, or the process that one of them kills while it forwards.
return args is [ForwardingProcess.Command, .. var rest] ? await ForwardingProcess.RunAsync(rest)
    : args.Contains("--server") || args.Contains("--internal-msbuild-node")
        ? await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
        : await ConsoleRunner.Run(args);
