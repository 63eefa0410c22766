namespace EdgeMesh.Ledger.Sequencing;

/// <summary>A request in the queue.</summary>
internal sealed class Pending(AppendRequest request)
{
    private readonly TaskCompletionSource<AppendResult> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public AppendRequest Request { get; } = request;

    public long Bytes { get; } = request.Entries.Sum(e => (long)EntryBundle.Length(e));

    public Task<AppendResult> Result => _done.Task;

    public void Answer(AppendResult result) => _done.TrySetResult(result);
}
