using System.ComponentModel;
using System.Diagnostics;

namespace EdgeMesh.Cli.Functions;

/// <summary>Builds a function's module from the source beside its manifest: <c>*.c</c> with clang, <c>assembly/index.ts</c> with
/// AssemblyScript's asc. A module that something else built is taken as it is.</summary>
internal static class FunctionCompiler
{
    private const string HowToGetClang = "Building C needs clang, lld and wasi-libc (Debian: apt install clang lld wasi-libc libclang-rt-dev-wasm32).";
    private const string HowToGetAsc = "Building AssemblyScript needs Node.js; the first build fetches asc by npm.";

    /// <summary>Null: built. Else what went wrong and what to do.</summary>
    public static async Task<string?> BuildAsync(FunctionProject project, CancellationToken cancellation)
    {
        var sources = Directory.GetFiles(project.Folder, "*.c");
        if (sources.Length > 0)
        {
            string[] arguments = ["--target=wasm32-wasi", "-Oz", "-flto", "-Wall", "-Werror", "-Wl,--strip-all", "-Wl,-z,stack-size=65536", "-o", project.ModuleFile, .. sources];
            return await RunAsync("clang", arguments, project.Folder, HowToGetClang, cancellation);
        }

        if (File.Exists(Path.Combine(project.Folder, "assembly", "index.ts")))
        {
            return await BuildAssemblyScriptAsync(project, cancellation);
        }

        return File.Exists(project.ModuleFile)
            ? null
            : $"{project.Folder} holds neither *.c nor assembly/index.ts nor {project.Manifest.Module}. Put the source or a built module there.";
    }

    private static async Task<string?> BuildAssemblyScriptAsync(FunctionProject project, CancellationToken cancellation)
    {
        var asc = Path.Combine(project.Folder, "node_modules", ".bin", "asc");
        if (!File.Exists(asc) && await RunAsync("npm", ["install", "--no-audit", "--no-fund", "--silent"], project.Folder, HowToGetAsc, cancellation) is { } fault)
        {
            return fault;
        }

        return await RunAsync(asc, ["assembly/index.ts", "--target", "release", "--outFile", project.Manifest.Module], project.Folder, HowToGetAsc, cancellation);
    }

    private static async Task<string?> RunAsync(string program, string[] arguments, string folder, string mend, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var errors = process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode == 0 ? null : $"{program} failed:\n{await output}{await errors}".TrimEnd();
        }
        catch (Win32Exception error)
        {
            return $"{program} could not be started ({error.Message}). {mend}";
        }
    }
}
