using System.Security.Cryptography;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Components.CryptoLocalStorage;
using EdgeMesh.Sidecar.Resiliency;

namespace EdgeMesh.Sidecar.BuildingBlocks.Cryptography;

/// <summary>A component's keys, used under the component's policy. As with daprd the policy covers the wrapping of a file's key, and not the
/// content, which can't come twice.</summary>
/// <param name="Keys">The keys.</param>
/// <param name="Policy">Null: each use once.</param>
internal sealed record CryptoProvider(LocalStorageKeys Keys, ResiliencePolicy? Policy)
{
    /// <summary>For whom uses are counted, and under which component's name; null: nobody counts them.</summary>
    public (AppRuntime App, string Component)? Counted { get; init; }

    /// <param name="kind">Whether it wraps or unwraps.</param>
    /// <param name="key">The key's name.</param>
    /// <param name="use">What is done with the key.</param>
    /// <param name="failed">What could not be done, for whom the policy refuses.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="CryptographicException">It could not be done.</exception>
    public async Task<byte[]> UseAsync(ComponentCallKind kind, string key, Func<LocalStorageKeys, byte[]> use, string failed, CancellationToken cancellation)
    {
        try
        {
            return await Policy.RunAsync(token => TapAsync(kind, key, use, token), cancellation) ?? throw new CryptographicException($"{failed}: there is no such key");
        }
        catch (Exception error) when (error is CircuitOpenException or TimeoutException or HttpRequestException)
        {
            throw new CryptographicException($"{failed}: {error.Message}", error);
        }
    }

    /// <summary>Null: a test's tap did not let it happen.</summary>
    private Task<byte[]?> TapAsync(ComponentCallKind kind, string key, Func<LocalStorageKeys, byte[]> use, CancellationToken cancellation) => Counted is { App.Process.Tap: { } tap } counted
        ? tap.RunAsync(new ComponentCall(kind, counted.App.AppId, counted.Component, key, default), null, _ => Task.FromResult<byte[]?>(use(Keys)), cancellation)
        : Task.FromResult<byte[]?>(use(Keys));
}
