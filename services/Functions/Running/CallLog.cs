using System.Collections.Concurrent;

namespace EdgeMesh.Services.Functions.Running;

/// <summary>The last calls of each function, in memory; all of them go to the site's log.</summary>
internal sealed class CallLog(int limit)
{
    private readonly ConcurrentDictionary<string, Queue<CallRecord>> _calls = new(StringComparer.Ordinal);

    public void Add(string function, CallRecord call)
    {
        var calls = _calls.GetOrAdd(function, _ => new Queue<CallRecord>());
        lock (calls)
        {
            if (calls.Count == limit)
            {
                calls.Dequeue();
            }

            calls.Enqueue(call);
        }
    }

    /// <summary>The last so many, the oldest first.</summary>
    public IReadOnlyList<CallRecord> Last(string function, int count)
    {
        if (!_calls.TryGetValue(function, out var calls))
        {
            return [];
        }

        lock (calls)
        {
            return [.. calls.Skip(calls.Count - Math.Min(count, calls.Count))];
        }
    }
}
