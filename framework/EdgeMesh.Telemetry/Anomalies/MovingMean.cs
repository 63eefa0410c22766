namespace EdgeMesh.Telemetry.Anomalies;

/// <summary>A mean that forgets exponentially, and is the plain mean until it has seen enough to forget.</summary>
internal struct MovingMean(double rate)
{
    private double value;
    private double seen;

    public readonly double Value => value;

    /// <summary>The mean; <paramref name="unseen"/> before anything was added.</summary>
    public readonly double ValueOr(double unseen) => seen == 0 ? unseen : value;

    public double Add(double next)
    {
        seen = Math.Min(seen + 1, 1 / rate);
        return value += (next - value) / seen;
    }

    public void Exchange(ref StateExchange state)
    {
        state.Move(ref value);
        state.Move(ref seen);
    }
}
