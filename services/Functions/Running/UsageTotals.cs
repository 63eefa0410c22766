using System.Collections.Concurrent;
using EdgeMesh.Functions;

namespace EdgeMesh.Services.Functions.Running;

/// <summary>What a function has cost at this site.</summary>
/// <param name="Function">Its name.</param>
/// <param name="Calls">Calls that were started.</param>
/// <param name="Failed">Those of them that did not complete.</param>
/// <param name="ColdStarts">Those whose module had to be loaded.</param>
/// <param name="CpuMilliseconds">Processor time.</param>
/// <param name="MemoryMilliseconds">Linear memory times run time, in MiB·ms.</param>
/// <param name="Bytes">In and out.</param>
internal sealed record FunctionUsage(string Function, long Calls, long Failed, long ColdStarts, double CpuMilliseconds, double MemoryMilliseconds, long Bytes);

/// <summary>The cost report: totals of each function since the service started.</summary>
internal sealed class UsageTotals
{
    private const double MiB = 1024 * 1024;

    private readonly ConcurrentDictionary<string, FunctionUsage> _totals = new(StringComparer.Ordinal);

    public FunctionUsage Of(string function) => _totals.GetValueOrDefault(function) ?? new FunctionUsage(function, 0, 0, 0, 0, 0, 0);

    public void Add(FunctionCall call, bool isCold, CallResult result) => _totals.AddOrUpdate(
        call.Manifest.Name,
        (name, add) => Sum(new FunctionUsage(name, 0, 0, 0, 0, 0, 0), add),
        (_, total, add) => Sum(total, add),
        (Call: call, IsCold: isCold, Result: result));

    private static FunctionUsage Sum(FunctionUsage total, (FunctionCall Call, bool IsCold, CallResult Result) add) => total with
    {
        Calls = total.Calls + 1,
        Failed = total.Failed + (add.Result.Outcome == CallOutcome.Completed ? 0 : 1),
        ColdStarts = total.ColdStarts + (add.IsCold ? 1 : 0),
        CpuMilliseconds = total.CpuMilliseconds + add.Result.Usage.Worked.TotalMilliseconds,
        MemoryMilliseconds = total.MemoryMilliseconds + add.Result.Usage.MemoryBytes / MiB * add.Result.Usage.Ran.TotalMilliseconds,
        Bytes = total.Bytes + add.Call.Data.Length + add.Result.Output.Length,
    };
}
