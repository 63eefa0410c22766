using EdgeMesh.Services.Monitor.Tests;
using EdgeMesh.Services.Monitor.Tests.Forward;
using EdgeMesh.Services.Monitor.Tests.Memory;
using Xunit.Runner.InProc.SystemConsole;

// The tests, or a process that one of them watches: kills it while it forwards, or measures its memory.
return args is [ForwardingProcess.Command, .. var rest] ? await ForwardingProcess.RunAsync(rest)
    : args is [MeasuredMonitor.Command] ? await MeasuredMonitor.RunAsync()
    : args.Contains("--server") || args.Contains("--internal-msbuild-node")
        ? await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
        : await ConsoleRunner.Run(args);
