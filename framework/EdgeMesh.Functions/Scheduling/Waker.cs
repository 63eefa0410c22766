namespace EdgeMesh.Functions.Scheduling;

/// <summary>Wakes one thread: once for each of its waits, also when it comes before the wait. It does not spin: at small sites whoever spins keeps the
/// processor from what it waits for.</summary>
internal sealed class Waker
{
    private readonly object _gate = new();
    private bool _woken;

    public void Wait()
    {
        lock (_gate)
        {
            while (!_woken)
            {
                Monitor.Wait(_gate);
            }

            _woken = false;
        }
    }

    public void Wake()
    {
        lock (_gate)
        {
            _woken = true;
            Monitor.Pulse(_gate);
        }
    }
}
