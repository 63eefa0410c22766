using R4 = Hl7.Fhir.Model;

namespace EdgeMesh.Services.Records.Indexing;

/// <summary>The spans of whatever a date parameter points at.</summary>
internal static class DateValues
{
    public static void Add(R4.Base value, List<DateSpan> into)
    {
        switch (value)
        {
            case R4.Period period:
                AddPeriod(period, into);
                break;
            case R4.Timing { Repeat.Bounds: R4.Period bounds }:
                AddPeriod(bounds, into);
                break;
            case R4.Timing timing:
                AddEvents(timing, into);
                break;
            case R4.Instant { Value: { } instant }:
                into.Add(DateSpan.At(instant, TimeSpan.TicksPerMillisecond));
                break;
            case R4.PrimitiveType primitive when DateSpan.TryParse(primitive.ToString(), out var span):
                into.Add(span);
                break;
        }
    }

    private static void AddPeriod(R4.Period period, List<DateSpan> into)
    {
        var from = DateSpan.TryParse(period.Start, out var start) ? start.From : DateSpan.Beginning;
        var until = DateSpan.TryParse(period.End, out var end) ? end.Until : DateSpan.End;
        if (period.Start is not null || period.End is not null)
        {
            into.Add(new DateSpan(from, Math.Max(from, until)));
        }
    }

    /// <summary>From the first event to the last.</summary>
    private static void AddEvents(R4.Timing timing, List<DateSpan> into)
    {
        var events = timing.Event.Select(text => DateSpan.TryParse(text, out var span) ? span : default).Where(span => span.Until > 0).ToList();
        if (events.Count > 0)
        {
            into.Add(new DateSpan(events.Min(e => e.From), events.Max(e => e.Until)));
        }
    }
}
