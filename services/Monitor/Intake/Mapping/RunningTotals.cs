using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Intake.Mapping;

/// <summary>What senders of totals told last, so that the next total becomes a change. In memory alone: after a start the first totals say
/// nothing. Bounded; what was not told for the longest time makes room.</summary>
internal sealed class RunningTotals
{
    private const int MostTotals = 20_000;
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(15);

    private readonly Dictionary<(string Service, string Name, string Labels), Total> _totals = [];

    /// <param name="instrument">Of what.</param>
    /// <param name="point">When and where.</param>
    /// <param name="now">The total.</param>
    /// <param name="change">Since it was told before; null: it is told for the first time.</param>
    /// <param name="since">When it was told before; when counting began, if it began anew since.</param>
    /// <returns>False: there are too many others.</returns>
    public bool Change(MetricMapping.Instrument instrument, MetricMapping.Point point, Distribution now, out Distribution? change, out DateTimeOffset? since)
    {
        (change, since) = (null, null);
        var key = Key(instrument, point);
        var time = point.Time ?? DateTimeOffset.UnixEpoch;
        if (!_totals.TryGetValue(key, out var before))
        {
            if (!HasRoom(time))
            {
                return false;
            }
        }
        else
        {
            // A sender that was started again counts from nothing.
            change = before.Start == point.Start ? now.Since(before.Value) : null;
            (change, since) = change is null ? (now, point.Start > before.Time ? point.Start : before.Time) : (change, before.Time);
        }

        _totals[key] = new(point.Start, time, now);
        return true;
    }

    /// <summary>The sum of the changes; null: there are too many others.</summary>
    public double? Add(MetricMapping.Instrument instrument, MetricMapping.Point point, double change)
    {
        var (key, time) = (Key(instrument, point), point.Time ?? DateTimeOffset.UnixEpoch);
        var known = _totals.TryGetValue(key, out var before);
        if (!known && !HasRoom(time))
        {
            return null;
        }

        var sum = (known ? before!.Value.Counts[0] : 0) + change;
        _totals[key] = new(null, time, new([], [sum], null, null));
        return sum;
    }

    private bool HasRoom(DateTimeOffset now)
    {
        if (_totals.Count >= MostTotals)
        {
            foreach (var (key, total) in _totals.Where(t => now - t.Value.Time > Forgotten).ToArray())
            {
                _totals.Remove(key);
            }
        }

        return _totals.Count < MostTotals;
    }

    private static (string, string, string) Key(MetricMapping.Instrument instrument, MetricMapping.Point point) =>
        (instrument.Service, instrument.Name, FieldsJson.Write(point.Labels));

    private sealed record Total(DateTimeOffset? Start, DateTimeOffset Time, Distribution Value);
}
