namespace EdgeMesh.Testing;

/// <summary>Calls in pairs: the first of each waits here for the second. Its caller was told that it is done, so what fails then is the
/// test's alone to hear of.</summary>
internal sealed class CallPairs(CallLog log)
{
    private readonly Lock _gate = new();
    private Func<Task>? _first;
    private bool _isOver;

    public async Task PassAsync(DaprCall call, Func<Task> next)
    {
        Func<Task>? first;
        lock (_gate)
        {
            (first, _first) = (_first, null);
            if (first is null && !_isOver)
            {
                _first = () => RunLateAsync(call, next);
                return;
            }
        }

        try
        {
            await next();
        }
        finally
        {
            // Whatever became of the second.
            await (first?.Invoke() ?? Task.CompletedTask);
        }
    }

    /// <summary>No second comes any more: a first happens now.</summary>
    public Task EndAsync()
    {
        Func<Task>? first;
        lock (_gate)
        {
            (_isOver, first, _first) = (true, _first, null);
        }

        return first?.Invoke() ?? Task.CompletedTask;
    }

    private async Task RunLateAsync(DaprCall call, Func<Task> next)
    {
        try
        {
            await next();
        }
        catch (Exception error)
        {
            log.Add(call with { Failure = error });
        }
    }
}
