using System.Collections.Immutable;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace EdgeMesh.Services.Functions.Running;

/// <summary>A part of the index of a function's state: which keys there are, and what each takes with its value, in bytes.</summary>
internal sealed record StatePage(ImmutableDictionary<string, int> Keys)
{
    public static readonly StatePage Empty = new(ImmutableDictionary<string, int>.Empty);

    /// <summary>What all of it takes.</summary>
    public long Bytes { get; } = Keys.Values.Sum(b => (long)b);

    public StatePage With(string key, int size) => new(Keys.SetItem(key, size));

    public StatePage Without(string key) => new(Keys.Remove(key));

    public static int SizeOf(string key, ReadOnlyMemory<byte> value) => Encoding.UTF8.GetByteCount(key) + value.Length;

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(new StatePageBody(Keys), StateJson.Relaxed.StatePageBody);

    public static StatePage Read(ReadOnlySpan<byte> row) => row.IsEmpty
        ? Empty
        : JsonSerializer.Deserialize(row, StateJson.Relaxed.StatePageBody) is { Format: 1, Keys: { } keys }
            ? new StatePage(keys.ToImmutableDictionary(StringComparer.Ordinal))
            : throw new JsonException("the index of a function's state is of a newer version, or is none");
}

/// <summary>A page as it is stored.</summary>
internal sealed record StatePageBody(IReadOnlyDictionary<string, int> Keys)
{
    /// <summary>Of this layout.</summary>
    public int Format { get; init; } = 1;
}

[JsonSerializable(typeof(StatePageBody))]
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
internal sealed partial class StateJson : JsonSerializerContext
{
    /// <summary>Keys in any language take as little as they can.</summary>
    public static StateJson Relaxed { get; } = new(new JsonSerializerOptions(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
