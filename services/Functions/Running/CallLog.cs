namespace EdgeMesh.Services.Functions.Running;

/// <summary>The last calls of each function, in memory; all of them go to the site's log. What all functions together may take is bounded too: the
/// oldest calls of any make room.</summary>
/// <param name="limit">Calls of each function.</param>
/// <param name="mostBytes">What the calls of all functions may take.</param>
internal sealed class CallLog(int limit, long mostBytes)
{
    /// <summary>What a call takes beside what the function wrote.</summary>
    private const int OwnBytes = 512;

    private readonly Lock _gate = new();
    private readonly LinkedList<(string Function, CallRecord Call)> _all = new();
    private readonly Dictionary<string, Queue<LinkedListNode<(string Function, CallRecord Call)>>> _functions = new(StringComparer.Ordinal);
    private long _bytes;

    public void Add(string function, CallRecord call)
    {
        lock (_gate)
        {
            if (!_functions.TryGetValue(function, out var calls))
            {
                _functions[function] = calls = new();
            }

            calls.Enqueue(_all.AddLast((function, call)));
            _bytes += BytesOf(call);
            if (calls.Count > limit)
            {
                RemoveOldest(calls);
            }

            while (_bytes > mostBytes && _all.Count > 1)
            {
                RemoveOldest(_functions[_all.First!.Value.Function]);
            }
        }
    }

    /// <summary>The last so many, the oldest first.</summary>
    public IReadOnlyList<CallRecord> Last(string function, int count)
    {
        lock (_gate)
        {
            return _functions.TryGetValue(function, out var calls) ? [.. calls.Skip(calls.Count - Math.Min(count, calls.Count)).Select(c => c.Value.Call)] : [];
        }
    }

    /// <summary>Forgets the calls of a function that was removed.</summary>
    public void Remove(string function)
    {
        lock (_gate)
        {
            if (_functions.Remove(function, out var calls))
            {
                while (calls.Count > 0)
                {
                    RemoveOldest(calls);
                }
            }
        }
    }

    private void RemoveOldest(Queue<LinkedListNode<(string Function, CallRecord Call)>> calls)
    {
        var oldest = calls.Dequeue();
        _all.Remove(oldest);
        _bytes -= BytesOf(oldest.Value.Call);
    }

    private static long BytesOf(CallRecord call) => OwnBytes + sizeof(char) * (long)call.Log.Length;
}
