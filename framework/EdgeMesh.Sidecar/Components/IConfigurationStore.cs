using EdgeMesh.Sidecar.Components.ConfigurationSqlite;

namespace EdgeMesh.Sidecar.Components;

/// <summary>What the configuration building block needs of a store.</summary>
internal interface IConfigurationStore
{
    /// <summary>What is there now; without keys, all of it. A key that is not there is left out. What a request's metadata says is the store's to know.</summary>
    Task<IReadOnlyDictionary<string, ConfigurationValue>> GetAsync(IReadOnlyCollection<string> keys, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellation);

    /// <summary>Until it is disposed, the listener hears of every change.</summary>
    IDisposable Listen(ConfigurationListener listener, IReadOnlyDictionary<string, string> metadata);
}
