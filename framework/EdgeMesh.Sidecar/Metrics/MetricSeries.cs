using System.Globalization;
using System.Text;

namespace EdgeMesh.Sidecar.Metrics;

/// <summary>One counter or histogram.</summary>
internal sealed class MetricSeries(bool isHistogram)
{
    private static readonly double[] Buckets =
        [1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 30, 40, 50, 65, 80, 100, 130, 160, 200, 250, 300, 400, 500, 650, 800, 1000, 2000, 5000, 10000, 20000, 50000, 100000];

    /// <summary>Guards all that follows.</summary>
    private readonly Lock _lock = new();
    private readonly long[] _buckets = isHistogram ? new long[Buckets.Length + 1] : [];
    private long _count;
    private double _sum;

    public void Add(double value)
    {
        var at = _buckets.Length == 0 ? -1 : Array.BinarySearch(Buckets, value);
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
                text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{labels}{comma}le=\"{(i < Buckets.Length ? Buckets[i].ToString(CultureInfo.InvariantCulture) : "+Inf")}\"}} {below}\n");
            }

            text.Append(CultureInfo.InvariantCulture, $"{name}_sum{{{labels}}} {_sum}\n{name}_count{{{labels}}} {_count}\n");
        }
    }
}
