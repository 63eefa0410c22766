using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Dapr.Client;

namespace EdgeMesh.Services.Monitor;

/// <summary>One small value of the monitor in the component <c>heads</c>. This service is its only writer; a write is synced when it returns.</summary>
internal sealed class HeadsValue<T>(DaprClient dapr, string key, JsonTypeInfo<T> json)
    where T : class
{
    private const string Component = "heads";

    // Alerting waits for these: a sidecar that hangs must not stop it from looking.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>What was written last; null: nothing yet.</summary>
    /// <exception cref="Dapr.DaprException">The component is away.</exception>
    public async Task<T?> ReadAsync(CancellationToken cancellation)
    {
        var saved = await WithinLimitAsync(c => dapr.GetByteStateAsync(Component, key, cancellationToken: c), cancellation);
        return saved.IsEmpty ? null : JsonSerializer.Deserialize(saved.Span, json);
    }

    /// <exception cref="Dapr.DaprException">The component is away: whether it was written is not known.</exception>
    public Task WriteAsync(T value, CancellationToken cancellation) => WithinLimitAsync(
        async c =>
        {
            await dapr.SaveByteStateAsync(Component, key, JsonSerializer.SerializeToUtf8Bytes(value, json), cancellationToken: c);
            return true;
        },
        cancellation);

    private static async Task<TAnswer> WithinLimitAsync<TAnswer>(Func<CancellationToken, Task<TAnswer>> call, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Limit);
        try
        {
            return await call(limit.Token);
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            throw new Dapr.DaprException($"The component '{Component}' did not answer in {Limit.TotalSeconds:0} s.", error);
        }
    }
}
