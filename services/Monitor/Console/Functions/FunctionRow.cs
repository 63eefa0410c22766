using System.Text.Json;
using System.Text.Json.Serialization;

namespace EdgeMesh.Services.Monitor.Console.Functions;

/// <summary>A function as the functions service shows it. <c>Missing</c> is what that service could not read, and why; null: all is there.</summary>
internal sealed record FunctionRow(
    string Name, string? Version, long Generation, string? Deployed, string Signer, IReadOnlyList<string> Triggers, IReadOnlyDictionary<string, SiteRollout> Sites, FunctionCost Usage,
    string? Missing = null)
{
    /// <summary>Empty when the answer is none that this version understands.</summary>
    public static IReadOnlyList<FunctionRow> ReadAll(string json) => Read(json, FunctionJson.Default.FunctionRowArray) ?? [];

    public static FunctionDetails? ReadOne(string json) => Read(json, FunctionJson.Default.FunctionDetails);

    private static T? Read<T>(string json, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>How far a site is.</summary>
internal sealed record SiteRollout(string Phase, long Generation, string? Version, DateTimeOffset Since, string Reason, bool Held, bool Paused);

/// <summary>What it cost at this site since its service started.</summary>
internal sealed record FunctionCost(long Calls, long Failed, long ColdStarts, double CpuMilliseconds, double MemoryMilliseconds, long Bytes);

/// <summary>A version that can be rolled back to.</summary>
internal sealed record FunctionVersion(string Version, string Bundle, string Signer);

/// <summary>A function with its versions.</summary>
internal sealed record FunctionDetails(FunctionRow Function, IReadOnlyList<FunctionVersion> Versions);

[JsonSerializable(typeof(FunctionRow[]))]
[JsonSerializable(typeof(FunctionDetails))]
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectRequiredConstructorParameters = true)]
internal sealed partial class FunctionJson : JsonSerializerContext;
