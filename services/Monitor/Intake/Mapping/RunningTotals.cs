using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Intake.Mapping;

/// <summary>What senders told last, so that a total becomes a change and a change a total. What an export moves is moved for good once the
/// export is stored (<see cref="Keep"/>): the same export, sent again, meets what the first one met. In memory alone: after a start the first
/// totals say nothing. Bounded; what was not told for the longest time makes room. Not for concurrent use.</summary>
internal sealed class RunningTotals
{
    private const int MostTotals = 20_000;
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(15);

    private readonly Dictionary<(string Service, string Name, string Labels), Total> _totals = [];
    private readonly Dictionary<(string Service, string Name, string Labels), Total> _moved = [];

    /// <summary>Of <see cref="_moved"/>, those that are told for the first time.</summary>
    private int _begun;

    /// <summary>What was moved since the last time is stored.</summary>
    public void Keep()
    {
        foreach (var (key, total) in _moved)
        {
            _totals[key] = total;
        }

        Undo();
    }

    /// <summary>It is not.</summary>
    public void Undo()
    {
        _moved.Clear();
        _begun = 0;
    }

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
        if (Find(key) is not { } before)
        {
            if (!TryBegin(time))
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

        _moved[key] = new(point.Start, time, now);
        return true;
    }

    /// <summary>The sum of the changes; null: there are too many others. A change of the very interval that was told last was sent again, for
    /// its answer was lost: it is in the sum.</summary>
    public double? Add(MetricMapping.Instrument instrument, MetricMapping.Point point, double change)
    {
        var (key, time) = (Key(instrument, point), point.Time ?? DateTimeOffset.UnixEpoch);
        var before = Find(key);
        if (before is null && !TryBegin(time))
        {
            return null;
        }

        var isToldAgain = point.Time is not null && before is not null && before.Time == time && before.Start == point.Start;
        var sum = (before?.Value.Counts[0] ?? 0) + (isToldAgain ? 0 : change);
        _moved[key] = new(point.Start, time, new([], [sum], null, null));
        return sum;
    }

    private Total? Find((string, string, string) key) => _moved.GetValueOrDefault(key) ?? _totals.GetValueOrDefault(key);

    private bool TryBegin(DateTimeOffset now)
    {
        if (_totals.Count + _begun >= MostTotals)
        {
            foreach (var (key, total) in _totals.Where(t => now - t.Value.Time > Forgotten).ToArray())
            {
                _totals.Remove(key);
            }
        }

        if (_totals.Count + _begun >= MostTotals)
        {
            return false;
        }

        _begun++;
        return true;
    }

    private static (string, string, string) Key(MetricMapping.Instrument instrument, MetricMapping.Point point) =>
        (instrument.Service, instrument.Name, FieldsJson.Write(point.Labels));

    private sealed record Total(DateTimeOffset? Start, DateTimeOffset Time, Distribution Value);
}
