using EdgeMesh.Sidecar.Resiliency;

namespace EdgeMesh.Sidecar.BuildingBlocks.Bindings;

/// <summary>An app as its input bindings see it.</summary>
internal interface IBindingApp
{
    /// <summary>Whether it reads a binding that does not say of itself that it is one to be read.</summary>
    Task<bool> WantsAsync(string binding, string route, CancellationToken cancellation);

    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    Task<BindingReply> DeliverAsync(BindingEvent happened, CancellationToken cancellation);
}

/// <param name="Data">What the app answered.</param>
/// <param name="Refusal">Why it did not take the event; null: it did.</param>
internal sealed record BindingReply(ReadOnlyMemory<byte> Data, BindingRefusal? Refusal)
{
    public static BindingReply Refused(string reason, CallFailure failure = default) => new(default, new BindingRefusal(reason, failure));
}

/// <param name="Reason">In words, for the log.</param>
/// <param name="Failure">For policies.</param>
internal sealed record BindingRefusal(string Reason, CallFailure Failure);
