using System.Collections.Immutable;

namespace EdgeMesh.Ledger.Sequencing;

/// <summary>Entries of a producer that follow each other both in its sequence and in the log.</summary>
internal readonly record struct ProducerRun(long First, long Count, long Index)
{
    public long End => First + Count;
}

/// <summary>What an append means for a producer.</summary>
/// <param name="Outcome">What to answer.</param>
/// <param name="Index">The first entry's index.</param>
/// <param name="Known">How many of the entries are logged already.</param>
/// <param name="Added">How many are to be appended, after the known ones.</param>
internal readonly record struct ProducerPlan(AppendOutcome Outcome, long Index, int Known, int Added);

/// <summary>The last entries of each producer: so that what is sent again is answered, and not logged twice.</summary>
internal sealed record Producers(ImmutableDictionary<string, ImmutableArray<ProducerRun>> Runs)
{
    public const int MaxProducers = 256;
    private const int MaxRuns = 4;

    public static Producers None { get; } = new(ImmutableDictionary.Create<string, ImmutableArray<ProducerRun>>(StringComparer.Ordinal));

    public ProducerPlan Plan(string producer, long first, int count, long size)
    {
        if (!Runs.TryGetValue(producer, out var runs))
        {
            return new ProducerPlan(Runs.Count < MaxProducers ? AppendOutcome.Appended : AppendOutcome.TooManyProducers, size, 0, count);
        }

        if (first >= runs[^1].End)
        {
            return new ProducerPlan(AppendOutcome.Appended, size, 0, count);
        }

        var run = runs.FirstOrDefault(r => first >= r.First && first < r.End);
        if (run.Count == 0)
        {
            return new ProducerPlan(AppendOutcome.SequenceForgotten, 0, 0, 0);
        }

        var (known, index) = ((int)Math.Min(count, run.End - first), run.Index + (first - run.First));
        // The rest can only follow if it is next in the sequence and in the log; else the sender is told how much is known.
        return known < count && run == runs[^1] && run.Index + run.Count == size
            ? new ProducerPlan(AppendOutcome.Appended, index, known, count - known)
            : new ProducerPlan(AppendOutcome.Known, index, known, 0);
    }

    public Producers Add(string producer, long first, int count, long index)
    {
        var runs = Runs.GetValueOrDefault(producer, []);
        runs = !runs.IsEmpty && runs[^1].End == first && runs[^1].Index + runs[^1].Count == index
            ? runs.SetItem(runs.Length - 1, runs[^1] with { Count = runs[^1].Count + count })
            : [.. runs.Length < MaxRuns ? runs : runs[1..], new ProducerRun(first, count, index)];
        return new Producers(Runs.SetItem(producer, runs));
    }
}
