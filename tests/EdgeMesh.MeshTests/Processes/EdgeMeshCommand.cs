using System.Diagnostics;
using System.Text;

namespace EdgeMesh.MeshTests.Processes;

/// <summary>What a command printed and how it ended.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Errors)
{
    /// <summary>Everything, for a failed assertion.</summary>
    public override string ToString() => $"exit code {ExitCode}\n--- output\n{Output}\n--- errors\n{Errors}";
}

/// <summary>Runs the <c>edgemesh</c> command that was built with these tests, as a process of its own.</summary>
internal static class EdgeMeshCommand
{
    /// <summary>Starts a command that goes on; its owner ends it. What it says goes nowhere.</summary>
    public static Process Start(params string[] arguments)
    {
        var process = Create(arguments);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static Process Create(string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "edgemesh.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["EDGEMESH_ROOT"] = Repository.Root;
        return new Process { StartInfo = start };
    }

    public static Task<CommandResult> RunAsync(TimeSpan limit, CancellationToken cancellation, params string[] arguments) =>
        RunAsync(limit, new Dictionary<string, string>(), cancellation, arguments);

    /// <param name="limit">How long it may take.</param>
    /// <param name="environment">What it finds there beside its own.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <param name="arguments">Behind the command's name.</param>
    public static async Task<CommandResult> RunAsync(TimeSpan limit, IReadOnlyDictionary<string, string> environment, CancellationToken cancellation, params string[] arguments)
    {
        using var process = Create(arguments);
        foreach (var (name, value) in environment)
        {
            process.StartInfo.Environment[name] = value;
        }

        var (output, errors) = (new StringBuilder(), new StringBuilder());
        process.OutputDataReceived += (_, line) => Append(output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(errors, line.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        over.CancelAfter(limit);
        try
        {
            await process.WaitForExitAsync(over.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            lock (output)
            {
                throw new TimeoutException($"`edgemesh {string.Join(' ', arguments)}` did not end in {limit}.\n{output}\n{errors}");
            }
        }

        lock (output)
        {
            return new CommandResult(process.ExitCode, output.ToString(), errors.ToString());
        }

        void Append(StringBuilder text, string? line)
        {
            if (line is not null)
            {
                lock (output)
                {
                    text.AppendLine(line);
                }
            }
        }
    }
}

/// <summary>The checkout that the tests run in.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "EdgeMesh.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("EdgeMesh.sln is in no folder above the tests.");
    }
}
