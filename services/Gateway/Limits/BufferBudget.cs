namespace EdgeMesh.Services.Gateway.Limits;

/// <summary>How many bytes of requests may be held at a time, all together.</summary>
internal sealed class BufferBudget(long limit)
{
    private long _free = limit;

    public bool TryTake(int bytes)
    {
        if (Interlocked.Add(ref _free, -bytes) >= 0)
        {
            return true;
        }

        Interlocked.Add(ref _free, bytes);
        return false;
    }

    public void GiveBack(long bytes) => Interlocked.Add(ref _free, bytes);
}
