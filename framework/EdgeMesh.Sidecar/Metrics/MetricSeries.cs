using System.Globalization;
using System.Text;

namespace EdgeMesh.Sidecar.Metrics;

/// <summary>One counter, gauge or histogram.</summary>
/// <param name="bounds">Of the histogram's buckets; empty: it is none.</param>
internal sealed class MetricSeries(double[] bounds)
{
    /// <summary>daprd's, in milliseconds.</summary>
    public static readonly IReadOnlyList<double> DefaultBuckets =
        [1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 30, 40, 50, 65, 80, 100, 130, 160, 200, 250, 300, 400, 500, 650, 800, 1000, 2000, 5000, 10000, 20000, 50000, 100000];

    /// <summary>Guards all that follows.</summary>
    private readonly Lock _lock = new();
    private readonly long[] _buckets = bounds.Length > 0 ? new long[bounds.Length + 1] : [];
    private long _count;
    private double _sum;

    public void Add(double value)
    {
        var at = _buckets.Length == 0 ? -1 : Array.BinarySearch(bounds, value);
        lock (_lock)
        {
            _count++;
            _sum += value;
            if (_buckets.Length > 0)
            {
                _buckets[at < 0 ? ~at : at]++;
            }
        }
    }

    /// <summary>Of a gauge: what is measured now.</summary>
    public void Set(double value)
    {
        lock (_lock)
        {
            _sum = value;
        }
    }

    public void Write(StringBuilder text, string name, string labels)
    {
        lock (_lock)
        {
            if (_buckets.Length == 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"{name}{{{labels}}} {_sum}\n");
                return;
            }

            var comma = labels.Length == 0 ? "" : ",";
            long below = 0;
            for (var i = 0; i < _buckets.Length; i++)
            {
                below += _buckets[i];
                text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{labels}{comma}le=\"{(i < bounds.Length ? bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf")}\"}} {below}\n");
            }

            text.Append(CultureInfo.InvariantCulture, $"{name}_sum{{{labels}}} {_sum}\n{name}_count{{{labels}}} {_count}\n");
        }
    }
}
