using System.Collections.Concurrent;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary>Limits how often a caller learns that a condition matched something that it can't see, or several things: a token bucket per
/// caller. Who has used it up gets no conditional create decided until it fills, whatever would match.</summary>
internal sealed class ConditionLimiter(TimeProvider clock, int perMinute)
{
    public const int CallerLimit = 10_000;

    /// <summary>Whose bucket it is that serves all for whom there is no room: no caller's name, which has a slash.</summary>
    private const string Others = "";

    private readonly ConcurrentDictionary<string, Bucket> _buckets = new(StringComparer.Ordinal);
    private readonly TimeSpan _perToken = TimeSpan.FromMinutes(1) / perMinute;
    private long _swept = clock.GetTimestamp();

    /// <summary>How many seconds to wait; null: none.</summary>
    public int? Waits(Caller caller)
    {
        var missing = 1 - Now(_buckets.GetValueOrDefault(Name(caller))).Tokens;
        return missing <= 0 ? null : (int)Math.Ceiling(missing * _perToken.TotalSeconds);
    }

    /// <summary>Takes a token. Two requests that run at once may both take the last: it then fills later.</summary>
    public void Spend(Caller caller)
    {
        if (_buckets.Count >= CallerLimit)
        {
            Sweep();
        }

        _buckets.AddOrUpdate(Name(caller), _ => Less(Now(null)), (_, bucket) => Less(Now(bucket)));
    }

    /// <summary>Gives up buckets that are full again. Not before each could have got a token since the last time: it walks them all.</summary>
    private void Sweep()
    {
        var before = Volatile.Read(ref _swept);
        if (clock.GetElapsedTime(before) < _perToken || Interlocked.CompareExchange(ref _swept, clock.GetTimestamp(), before) != before)
        {
            return;
        }

        foreach (var (name, bucket) in _buckets.Where(b => Now(b.Value).Tokens >= perMinute))
        {
            _buckets.TryRemove(new(name, bucket));
        }
    }

    private Bucket Now(Bucket? bucket)
    {
        var now = clock.GetTimestamp();
        return new Bucket(bucket is null ? perMinute : Math.Min(perMinute, bucket.Tokens + clock.GetElapsedTime(bucket.At, now) / _perToken), now);
    }

    private static Bucket Less(Bucket bucket) => bucket with { Tokens = bucket.Tokens - 1 };

    private string Name(Caller caller)
    {
        var name = $"{caller.Site}/{caller.Subject}";
        return _buckets.Count < CallerLimit || _buckets.ContainsKey(name) ? name : Others;
    }

    private sealed record Bucket(double Tokens, long At);
}
