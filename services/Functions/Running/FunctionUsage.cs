using System.Text.Json;
using System.Text.Json.Serialization;

namespace EdgeMesh.Services.Functions.Running;

/// <summary>What a function has cost at this site.</summary>
/// <param name="Function">Its name.</param>
/// <param name="Calls">Calls, also those that could not be started.</param>
/// <param name="Failed">Those of them that did not complete.</param>
/// <param name="ColdStarts">Those whose module had to be loaded.</param>
/// <param name="CpuMilliseconds">Processor time.</param>
/// <param name="MemoryMilliseconds">Linear memory times run time, in MiB·ms.</param>
/// <param name="Bytes">In and out.</param>
internal sealed record FunctionUsage(string Function, long Calls, long Failed, long ColdStarts, double CpuMilliseconds, double MemoryMilliseconds, long Bytes)
{
    /// <summary>Of this layout.</summary>
    public int Format { get; init; } = 1;

    public static FunctionUsage None(string function) => new(function, 0, 0, 0, 0, 0, 0);

    /// <summary>What a store's row says; nothing of a row that is not there; null: it is none, or of a newer layout.</summary>
    public static FunctionUsage? TryRead(ReadOnlySpan<byte> row, string function)
    {
        if (row.IsEmpty)
        {
            return None(function);
        }

        try
        {
            return JsonSerializer.Deserialize(row, UsageJson.Default.FunctionUsage) is { Format: 1 } usage && usage.Function == function ? usage : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public FunctionUsage With(FunctionUsage other) => this with
    {
        Calls = Calls + other.Calls,
        Failed = Failed + other.Failed,
        ColdStarts = ColdStarts + other.ColdStarts,
        CpuMilliseconds = CpuMilliseconds + other.CpuMilliseconds,
        MemoryMilliseconds = MemoryMilliseconds + other.MemoryMilliseconds,
        Bytes = Bytes + other.Bytes,
    };
}

/// <summary>A function's cost as far as it is known.</summary>
/// <param name="Usage">What is known.</param>
/// <param name="Missing">What is not in it, and why; null: nothing.</param>
internal sealed record UsageReport(FunctionUsage Usage, string? Missing)
{
    /// <summary>Whether the store did not answer: it need not be asked for others in the same breath.</summary>
    public bool IsAway { get; init; }
}

[JsonSerializable(typeof(FunctionUsage))]
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
internal sealed partial class UsageJson : JsonSerializerContext;
