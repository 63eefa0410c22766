namespace EdgeMesh.Services.Gateway.Limits;

/// <summary>How many bytes of requests may be held at a time, all together.</summary>
internal sealed class BufferBudget(long limit)
{
    private long _taken;

    public bool TryTake(int bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= limit)
        {
            return true;
        }

        GiveBack(bytes);
        return false;
    }

    /// <summary>Whether nothing is held.</summary>
    public bool IsUntouched => Interlocked.Read(ref _taken) == 0;

    public void GiveBack(long bytes) => Interlocked.Add(ref _taken, -bytes);
}
