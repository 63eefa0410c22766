namespace EdgeMesh.Telemetry.Anomalies;

/// <summary>
/// Moves state out to a buffer or in from one. Each part names its fields once, so saving and loading cannot disagree.
/// </summary>
internal ref struct StateExchange
{
    private readonly Span<double> buffer;
    private readonly bool isLoading;

    private StateExchange(Span<double> buffer, bool isLoading)
    {
        this.buffer = buffer;
        this.isLoading = isLoading;
    }

    /// <summary>How many numbers were moved, or with no buffer would have been.</summary>
    public int Count { get; private set; }

    public static StateExchange Counting() => default;

    public static StateExchange Saving(Span<double> to) => new(to, isLoading: false);

    public static StateExchange Loading(Span<double> from) => new(from, isLoading: true);

    public void Move(ref double field)
    {
        if (isLoading)
        {
            field = buffer[Count];
        }
        else if (!buffer.IsEmpty)
        {
            buffer[Count] = field;
        }

        Count++;
    }
}
