using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Apps;

/// <summary>Begins what a building block does for an app that has just answered: subscribe, read an input binding, host actors. Asks the
/// app what it wants, and asks again while the app says that it can't answer yet. What can't stand is told by name and keeps nothing else
/// from standing. Disposing waits for deliveries under way.</summary>
internal delegate Task<IAsyncDisposable> AppPart(AppArrival arrival, CancellationToken cancellation);

/// <param name="App">The app.</param>
/// <param name="Channel">The way to it.</param>
/// <param name="Declared">Subscription resources in its scope.</param>
/// <param name="Logger">For what can't stand.</param>
internal sealed record AppArrival(AppRuntime App, AppChannel Channel, IReadOnlyList<Subscription> Declared, ILogger Logger);
