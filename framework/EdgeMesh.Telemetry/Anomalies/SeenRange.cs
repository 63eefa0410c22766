namespace EdgeMesh.Telemetry.Anomalies;

/// <summary>
/// The range of all that was seen of one quantity, and by how much a new value breaks out of it. Records are rare in any series,
/// whatever its unit, distribution or noise, which is why one threshold serves all. A range that only grows would end blind, so its
/// ends drift back to what is usual: the extremes of ordinary blocks of points, and a margin for how much those vary.
/// </summary>
internal sealed class SeenRange(AnomalyTuning tuning)
{
    private readonly double forgotten = 1 - Math.Exp(-1 / tuning.Memory);
    private UsualExtreme usualLow = new(tuning);
    private UsualExtreme usualHigh = new(tuning);
    private double low = double.MaxValue;
    private double high = double.MinValue;
    private double blockLow;
    private double blockHigh;
    private double inBlock;

    public bool IsEmpty => low > high;

    public double Low => low;

    public double High => high;

    public double Width => IsEmpty ? 0 : high - low;

    /// <summary>Takes a value in, and returns how far beyond the range it lies, in widths of the range; zero within it.</summary>
    /// <param name="value">The quantity.</param>
    /// <param name="noise">The width that is noise in any case; above zero.</param>
    public double Observe(double value, double noise)
    {
        var beyond = IsEmpty ? 0 : Math.Max(0, Math.Max(value - high, low - value));
        var excess = Math.Min(beyond / (Width + noise), tuning.Reach);
        FillBlock(value);
        if (usualHigh.IsKnown)
        {
            high -= forgotten * Math.Max(0, high - usualHigh.Above);
            low += forgotten * Math.Max(0, usualLow.Below - low);
        }

        (low, high) = (Math.Min(low, value), Math.Max(high, value));
        return excess;
    }

    public void Exchange(ref StateExchange state)
    {
        usualLow.Exchange(ref state);
        usualHigh.Exchange(ref state);
        state.Move(ref low);
        state.Move(ref high);
        state.Move(ref blockLow);
        state.Move(ref blockHigh);
        state.Move(ref inBlock);
    }

    private void FillBlock(double value)
    {
        (blockLow, blockHigh) = inBlock == 0 ? (value, value) : (Math.Min(blockLow, value), Math.Max(blockHigh, value));
        if (++inBlock < tuning.Block)
        {
            return;
        }

        inBlock = 0;
        usualLow.Add(blockLow);
        usualHigh.Add(blockHigh);
    }

    /// <summary>The extreme of an ordinary block, and how much it varies.</summary>
    private struct UsualExtreme(AnomalyTuning tuning)
    {
        private MovingMean extreme = new(tuning.BlockRate);
        private MovingMean deviation = new(tuning.BlockRate);
        private double blocks;

        public readonly bool IsKnown => blocks > 0;

        public readonly double Above => extreme.Value + Margin;

        public readonly double Below => extreme.Value - Margin;

        private readonly double Margin => tuning.UsualSpread * deviation.Value;

        public void Add(double next)
        {
            if (IsKnown)
            {
                deviation.Add(Math.Abs(next - extreme.Value));
            }

            blocks = 1;
            extreme.Add(next);
        }

        public void Exchange(ref StateExchange state)
        {
            extreme.Exchange(ref state);
            deviation.Exchange(ref state);
            state.Move(ref blocks);
        }
    }
}
