using System.Text.Json;
using System.Text.Json.Serialization;
using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Querying;

/// <summary>How the store and the way to the core are.</summary>
/// <param name="Store">The store.</param>
/// <param name="Forward">The way to the core; null: this is one, or there is none.</param>
/// <param name="Ledgers">The ledgers that are watched from here, as they were seen last.</param>
internal sealed record StatusView(StoreStatus Store, ForwardView? Forward, IReadOnlyList<LedgerView> Ledgers);

/// <summary>A ledger as it was seen.</summary>
/// <param name="Site">Whose.</param>
/// <param name="Size">How many entries its signed checkpoint states.</param>
/// <param name="Root">The root of their tree.</param>
internal sealed record LedgerView(string Site, long Size, string Root);

/// <summary>What goes to the core.</summary>
/// <param name="Core">Where it goes.</param>
/// <param name="Waiting">Log lines and spans that wait.</param>
/// <param name="Oldest">When the oldest of them happened.</param>
/// <param name="SentToday">Bytes that went over the link today (UTC).</param>
/// <param name="BudgetOfADay">Bytes that may.</param>
/// <param name="Fault">Why they don't arrive; null: they do.</param>
internal sealed record ForwardView(string Core, long Waiting, DateTimeOffset? Oldest, long SentToday, long BudgetOfADay, string? Fault);

/// <summary>Generated serialisation of answers. Durations are seconds.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(SecondsConverter)])]
[JsonSerializable(typeof(StatusView))]
[JsonSerializable(typeof(LogPage))]
[JsonSerializable(typeof(IReadOnlyList<LevelCount>))]
[JsonSerializable(typeof(IReadOnlyList<TraceSummary>))]
[JsonSerializable(typeof(IReadOnlyList<SpanRow>))]
[JsonSerializable(typeof(IReadOnlyList<SeriesInfo>))]
[JsonSerializable(typeof(IReadOnlyList<SeriesPoint>))]
internal sealed partial class QueryJson : JsonSerializerContext;

/// <summary>A duration as a number of seconds.</summary>
internal sealed class SecondsConverter : JsonConverter<TimeSpan>
{
    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => TimeSpan.FromSeconds(reader.GetDouble());

    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteNumberValue(value.TotalSeconds);
}
