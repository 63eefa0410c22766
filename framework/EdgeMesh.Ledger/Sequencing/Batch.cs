namespace EdgeMesh.Ledger.Sequencing;

/// <summary>Requests that are committed together. Each is planned against the ones before it, so what is sent twice in one batch is
/// logged once.</summary>
internal sealed class Batch(LogState state, SequencerOptions options)
{
    private readonly List<(Pending Request, AppendResult Result)> _answers = [];
    private readonly List<ReadOnlyMemory<byte>> _entries = [];
    private long _bytes;

    public IReadOnlyList<ReadOnlyMemory<byte>> Entries => _entries;

    public Producers Producers { get; private set; } = state.Head.Producers;

    private long Size => state.Head.Size + _entries.Count;

    /// <summary>Whether a request still fits.</summary>
    public bool Fits(Pending request) => _answers.Count == 0
        || (_entries.Count + request.Request.Entries.Count <= options.BatchEntries && _bytes + request.Bytes <= options.BatchBytes);

    public void Add(Pending pending)
    {
        var (entries, producer, sequence) = (pending.Request.Entries, pending.Request.Producer, pending.Request.Sequence);
        var plan = producer is null
            ? new ProducerPlan(AppendOutcome.Appended, Size, 0, entries.Count)
            : Producers.Plan(producer, sequence, entries.Count, Size);
        if (plan.Outcome == AppendOutcome.Appended)
        {
            Producers = producer is null ? Producers : Producers.Add(producer, sequence + plan.Known, plan.Added, Size);
            _entries.AddRange(entries.Skip(plan.Known));
            _bytes += pending.Bytes;
        }

        _answers.Add((pending, new AppendResult(plan.Outcome, plan.Index, plan.Known + plan.Added, Reason(plan.Outcome))));
    }

    /// <summary>Tells everybody what was planned. Only after the commit: also what was known may hang on it.</summary>
    public void Acknowledge()
    {
        foreach (var (request, result) in _answers)
        {
            request.Answer(result);
        }
    }

    public void Fail(string reason)
    {
        foreach (var (request, _) in _answers)
        {
            request.Answer(new AppendResult(AppendOutcome.Unavailable, Reason: reason));
        }
    }

    private static string? Reason(AppendOutcome outcome) => outcome switch
    {
        AppendOutcome.SequenceForgotten => "the sequence is below the ones that are remembered for this producer",
        AppendOutcome.TooManyProducers => $"the ledger has {Producers.MaxProducers} producers, which is the limit",
        _ => null,
    };
}
