using System.Collections.Concurrent;
using Dapr.Client;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Functions.Running;

/// <summary>The state of each function at this site.</summary>
internal sealed class FunctionStates(DaprClient dapr, SiteIdentity identity)
{
    private readonly ConcurrentDictionary<string, FunctionState> _states = new(StringComparer.Ordinal);

    public FunctionState Of(string function) => _states.GetOrAdd(function, name => new FunctionState(dapr, identity, name));
}
