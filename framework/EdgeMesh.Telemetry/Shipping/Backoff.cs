namespace EdgeMesh.Telemetry;

/// <summary>Pauses between tries: anything from nothing to a bound that doubles (full jitter), so that a thousand sites that lost one
/// index do not come back as one.</summary>
internal sealed class Backoff(Random random, TimeSpan first)
{
    private const int MostDoublings = 20;

    private int _tries;

    public TimeSpan Next(TimeSpan longest)
    {
        var bound = Math.Min(longest.Ticks, first.Ticks * (double)(1 << Math.Min(_tries++, MostDoublings)));
        return TimeSpan.FromTicks((long)(bound * random.NextDouble()));
    }

    public void Reset() => _tries = 0;
}
