using EdgeMesh.Functions.HostCalls;
using EdgeMesh.Functions.Wasi;
using Wasmtime;

namespace EdgeMesh.Functions.Sandbox;

/// <summary>What a module must be to run as a function, checked once, before it is deployed.</summary>
internal static class ModuleRules
{
    public const string Entry = "_start";
    private const int PageBytes = 64 * 1024;

    public static IReadOnlyList<string> Faults(Module module, Linker linker, Store store, SandboxOptions options)
    {
        var faults = new List<string>();
        foreach (var import in module.Imports)
        {
            if (import is not FunctionImport)
            {
                faults.Add($"it imports '{import.ModuleName}.{import.Name}', which is no function; a function brings its own memory and tables");
            }
            else if (linker.GetFunction(store, import.ModuleName, import.Name) is null)
            {
                faults.Add($"it imports '{import.ModuleName}.{import.Name}', which is not there; a function may import '{WasiPreview1.Module}' and '{HostModule.Name}'");
            }
        }

        if (!module.Exports.Any(e => e is FunctionExport { Name: Entry, Parameters.Count: 0, Results.Count: 0 }))
        {
            faults.Add($"it exports no function '{Entry}' without parameters; build it as a WASI command (a C program with main), not as a library");
        }

        if (module.Exports.OfType<MemoryExport>().FirstOrDefault(m => m.Name == "memory") is not { } memory)
        {
            faults.Add("it exports no memory named 'memory'");
        }
        else if (memory.Minimum * PageBytes > options.MaxMemoryBytes)
        {
            faults.Add($"it begins with {memory.Minimum * PageBytes} bytes of memory; {options.MaxMemoryBytes} is the most");
        }

        return faults;
    }
}
