using EdgeMesh.Services.Monitor.Intake.Protos;

namespace EdgeMesh.Services.Monitor.Intake.Mapping;

/// <summary>How the values of an interval were spread: counts between bounds. <c>Counts</c> has one more than <c>Bounds</c>: the last is above
/// them all.</summary>
internal sealed record Distribution(double[] Bounds, double[] Counts, double? Least, double? Most)
{
    public double Total => Counts.Sum();

    public static Distribution? Of(HistogramDataPoint point) => point.BucketCounts.Count == point.ExplicitBounds.Count + 1
        ? new([.. point.ExplicitBounds], [.. point.BucketCounts.Select(c => (double)c)], point.HasMin ? point.Min : null, point.HasMax ? point.Max : null)
        : null;

    /// <summary>Bucket n of an exponential histogram holds what is above 2^(2^-scale · n), up to the next.</summary>
    public static Distribution Of(ExponentialHistogramDataPoint point)
    {
        var (positive, width) = (point.Positive ?? new(), Math.Pow(2, -point.Scale));
        var bounds = Enumerable.Range(0, positive.BucketCounts.Count + 1).Select(i => Math.Pow(2, width * (positive.Offset + i)));
        return new([.. bounds], [point.ZeroCount, .. positive.BucketCounts.Select(c => (double)c), 0], point.HasMin ? point.Min : null, point.HasMax ? point.Max : null);
    }

    /// <summary>What came since another one of the same bounds; null: they are not of one count.</summary>
    public Distribution? Since(Distribution before)
    {
        if (!Bounds.AsSpan().SequenceEqual(before.Bounds))
        {
            return null;
        }

        var counts = Counts.Zip(before.Counts, (now, then) => now - then).ToArray();
        // The extremes are of the whole time, not of the interval.
        return counts.Any(c => c < 0) ? null : this with { Counts = counts, Least = null, Most = null };
    }

    /// <summary>The value below which that share of the values lies, taken as even within a bucket.</summary>
    public double Quantile(double share)
    {
        var (rank, seen) = (share * Total, 0.0);
        for (var i = 0; i < Counts.Length; i++)
        {
            if (Counts[i] > 0 && seen + Counts[i] >= rank)
            {
                var low = i == 0 ? Math.Min(Least ?? 0, Bounds.Length > 0 ? Bounds[0] : Least ?? 0) : Bounds[i - 1];
                var high = i < Bounds.Length ? Bounds[i] : Most ?? (Bounds.Length > 0 ? Bounds[^1] : low);
                var value = low + ((high - low) * Math.Clamp((rank - seen) / Counts[i], 0, 1));
                return Math.Min(Math.Max(value, Least ?? value), Most ?? value);
            }

            seen += Counts[i];
        }

        return 0;
    }
}
