namespace EdgeMesh.Cli.Demo;

/// <summary>One scene of the story: says what it shows, does it through public doors only, and tells whether it held.</summary>
internal abstract class DemoStep
{
    /// <summary>The name that programs read.</summary>
    public abstract string Name { get; }

    /// <summary>The step that must have run before, whose records this one goes on with; null: none.</summary>
    public virtual string? After => "start";

    /// <summary>What the reader is about to see.</summary>
    public abstract string Shows { get; }

    public abstract Task<StepOutcome> RunAsync(DemoMesh mesh, CancellationToken cancellation);
}

/// <summary>How a step ended.</summary>
/// <param name="Sentence">For people.</param>
/// <param name="Detail">For programs.</param>
internal sealed record StepOutcome(bool Held, string Sentence, IReadOnlyDictionary<string, object?> Detail)
{
    public static StepOutcome Of(bool held, string sentence, params (string Key, object? Value)[] detail) =>
        new(held, sentence, detail.ToDictionary(d => d.Key, d => d.Value));
}
