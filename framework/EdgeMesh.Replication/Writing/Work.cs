namespace EdgeMesh.Replication.Writing;

/// <summary>Something that waits for the writer: planned, again after a lost race, and answered once.</summary>
internal abstract class Work
{
    /// <summary>About how many records it adds.</summary>
    public abstract int Records { get; }

    /// <summary>About how many bytes it adds.</summary>
    public abstract long Bytes { get; }

    /// <summary>Whether it takes a batch for itself.</summary>
    public virtual bool IsAlone => false;

    /// <summary>The documents it needs, to be loaded together with those of its batch.</summary>
    public abstract IEnumerable<DocumentKey> Documents { get; }

    /// <summary>Decides, and adds to the batch what stands. Throws only when the store fails; then the whole batch does.</summary>
    public abstract ValueTask PlanAsync(BatchBuilder builder, CancellationToken closing);

    /// <summary>The batch is durable: answers as planned.</summary>
    public abstract void Complete();

    /// <summary>The batch failed.</summary>
    public abstract void Fail(Exception error);
}
