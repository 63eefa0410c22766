using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Dapr.Client;

namespace EdgeMesh.Services.Monitor;

/// <summary>One small value of the monitor in the component <c>heads</c>. This service is its only writer; a write is synced when it returns.</summary>
internal sealed class HeadsValue<T>(DaprClient dapr, string key, JsonTypeInfo<T> json)
    where T : class
{
    private const string Component = "heads";

    /// <summary>What was written last; null: nothing yet.</summary>
    public async Task<T?> ReadAsync(CancellationToken cancellation)
    {
        var saved = await dapr.GetByteStateAsync(Component, key, cancellationToken: cancellation);
        return saved.IsEmpty ? null : JsonSerializer.Deserialize(saved.Span, json);
    }

    public Task WriteAsync(T value, CancellationToken cancellation) =>
        dapr.SaveByteStateAsync(Component, key, JsonSerializer.SerializeToUtf8Bytes(value, json), cancellationToken: cancellation);
}
