using Wasmtime;

namespace EdgeMesh.Functions.Sandbox;

/// <summary>The engine's settings: what WebAssembly may use, and a pool of memories for as many instances as run at once.</summary>
internal static class SandboxEngine
{
    /// <summary>Memory of a slot that stays resident between calls: zeroing it is cheaper than asking the kernel again.</summary>
    private const int KeepResident = 256 * 1024;

    public static Engine Create(SandboxOptions options)
    {
        var instances = (uint)(options.Concurrency + options.WaitingForHost);
        using var pool = new PoolingAllocationConfig()
            .WithMaxCoreInstances(instances)
            .WithMaxMemories(instances)
            .WithMaxTables(instances * 4)
            .WithMaxMemoriesPerModule(1)
            .WithMaxTablesPerModule(4)
            .WithMaxMemorySize((nuint)options.MaxMemoryBytes)
            .WithMaxTableElements((nuint)options.MaxTableElements)
            .WithLinearMemoryKeepResidentBytes(KeepResident)
            .WithTableKeepResidentBytes(16 * 1024)
            .WithMaxUnusedWarmSlots((uint)options.Concurrency)
            .WithMaxGcHeaps(0);
        using var config = new Config()
            .WithFuelConsumption(true)
            .WithEpochInterruption(true)
            .WithMaximumStackSize(options.StackBytes)
            .WithOptimizationLevel(OptimizationLevel.Speed)
            .WithWasmThreads(false)
            .WithMemory64(false)
            .WithMultiMemory(false)
            .WithGc(false)
            .WithPoolingAllocationStrategy(pool);
        return new Engine(config);
    }
}
