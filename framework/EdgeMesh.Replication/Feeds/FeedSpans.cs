using System.Diagnostics;
using EdgeMesh.Replication.Codec;
using Google.Protobuf;

namespace EdgeMesh.Replication.Feeds;

/// <summary>The spans of applying a page: one in each trace that led to a record of it, until the page is applied. Who follows this journal goes on from
/// them. Bounded: a page of a long outage may hold records of very many traces.</summary>
internal sealed class FeedSpans : IDisposable
{
    private const int Most = 64;

    private readonly Dictionary<ByteString, Activity> _spans = [];

    public FeedSpans(ActivitySource spans, JournalName source, Wire.FeedPage page)
    {
        var here = Activity.Current;
        foreach (var trace in page.Records.Select(r => r.Record?.Trace).OfType<ByteString>().Distinct())
        {
            if (_spans.Count < Most && RecordTrace.Read(trace) is { TraceId: var id } parent && id != default
                && spans.StartActivity($"feed {source}", ActivityKind.Consumer, parent) is { } span)
            {
                _spans[trace] = span;
                // They are side by side, and none of them is what the caller does next.
                Activity.Current = here;
            }
        }
    }

    /// <summary>What a record that is made of one of the page's is marked with; nothing of what a peer sent in place of a trace.</summary>
    public ByteString Trace(ByteString origin) =>
        _spans.TryGetValue(origin, out var span) ? RecordTrace.Of(span) : RecordTrace.Read(origin) == default ? ByteString.Empty : origin;

    public void Dispose()
    {
        foreach (var span in _spans.Values)
        {
            span.Dispose();
        }
    }
}
