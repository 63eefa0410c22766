using System.Diagnostics;

namespace EdgeMesh.Cli.Up;

/// <summary>This program once more, with other arguments.</summary>
internal static class SelfProcess
{
    public static IReadOnlyList<string> Command(IEnumerable<string> arguments)
    {
        var program = Environment.ProcessPath ?? "dotnet";
        var self = typeof(SelfProcess).Assembly.Location;

        // Under `dotnet edgemesh.dll` or a test's runner the program is not ours: the assembly is named behind `dotnet`.
        return Path.GetFileNameWithoutExtension(program) == "edgemesh"
            ? [program, .. arguments]
            : [Path.GetFileNameWithoutExtension(program) == "dotnet" ? program : "dotnet", self, .. arguments];
    }

    public static ProcessStartInfo StartInfo(IEnumerable<string> arguments)
    {
        var command = Command(arguments);
        var info = new ProcessStartInfo(command[0]);
        foreach (var argument in command.Skip(1))
        {
            info.ArgumentList.Add(argument);
        }

        return info;
    }
}
