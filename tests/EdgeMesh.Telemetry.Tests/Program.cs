using EdgeMesh.Telemetry.Tests;
using EdgeMesh.Telemetry.Tests.Shipping;
using Xunit.Runner.InProc.SystemConsole;

// The tests, or the process that one of them kills while it ships.
return args is [ShippingProcess.Command, .. var rest] ? await ShippingProcess.RunAsync(rest)
    : args.Contains("--server") || args.Contains("--internal-msbuild-node")
        ? await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
        : await ConsoleRunner.Run(args);
