using EdgeMesh.Sidecar.Resiliency;

namespace EdgeMesh.Sidecar.BuildingBlocks.Bindings;

/// <summary>An app as its input bindings see it.</summary>
internal interface IBindingApp
{
    /// <summary>Whether it reads a binding that does not say of itself that it is one to be read.</summary>
    Task<bool> WantsAsync(string binding, string route, CancellationToken cancellation);

    /// <returns>Why the app did not take it; null: it did.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    Task<BindingRefusal?> DeliverAsync(BindingEvent happened, CancellationToken cancellation);
}

/// <param name="Reason">In words, for the log.</param>
/// <param name="Failure">For policies.</param>
internal sealed record BindingRefusal(string Reason, CallFailure Failure);
