namespace EdgeMesh.Replication.Storage;

/// <summary>The durable head as readers see it, and the signal that it moved.</summary>
internal sealed class JournalHead(Wire.Head first)
{
    private Wire.Head _value = first;
    private TaskCompletionSource _moved = NewSignal();

    /// <summary>The head; replaced as a whole, never changed.</summary>
    public Wire.Head Value => Volatile.Read(ref _value);

    /// <summary>The last durable record; before the first batch of an epoch, the end of the epoch before.</summary>
    public Position Position => PositionOf(Value);

    /// <summary>Completes when the head moves. Take it before looking at <see cref="Position"/>.</summary>
    public Task Moved => Volatile.Read(ref _moved).Task;

    /// <summary>Shows a new head. All that belongs to it must be readable before.</summary>
    public void Publish(Wire.Head head)
    {
        Volatile.Write(ref _value, head);
        Interlocked.Exchange(ref _moved, NewSignal()).TrySetResult();
    }

    /// <summary>The last record that a head names.</summary>
    public static Position PositionOf(Wire.Head head)
    {
        if (head.Batch > 0)
        {
            return new Position(head.Epoch, head.Batch, head.LastIndex);
        }

        return head.Ended is [.., var end] ? new Position(end.Epoch, end.Batch, end.LastIndex) : Position.Start;
    }

    /// <summary>Every epoch that has batches, with the number of its last one, in order.</summary>
    public static IEnumerable<(uint Epoch, long Last)> Epochs(Wire.Head head) =>
        head.Ended.Select(e => (e.Epoch, e.Batch)).Append((head.Epoch, head.Batch)).Where(e => e.Item2 > 0);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
