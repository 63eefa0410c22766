namespace EdgeMesh.Sidecar.BuildingBlocks.Bindings;

/// <summary>An app as its input bindings see it.</summary>
internal interface IBindingApp
{
    /// <summary>Whether it reads a binding that does not say of itself that it is one to be read.</summary>
    Task<bool> WantsAsync(string binding, string route, CancellationToken cancellation);

    /// <summary>Never throws: what the app does not take is gone, and told in the log.</summary>
    Task DeliverAsync(BindingEvent happened, CancellationToken cancellation);
}
