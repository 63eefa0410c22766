namespace EdgeMesh.Telemetry;

/// <summary>A rate of bytes: what a second allows may go at once, more waits until it is earned.</summary>
internal sealed class ByteBudget(long? bytesPerSecond, TimeProvider clock)
{
    private double _balance = bytesPerSecond ?? 0;
    private long _counted = clock.GetTimestamp();

    /// <summary>Waits until nothing is owed, then spends. A request larger than a second's worth is paid for by those behind it.</summary>
    public async Task SpendAsync(long bytes, CancellationToken cancellation)
    {
        if (bytesPerSecond is not { } rate)
        {
            return;
        }

        Earn(rate);
        while (_balance < Math.Min(bytes, rate))
        {
            await Task.Delay(TimeSpan.FromSeconds((Math.Min(bytes, rate) - _balance) / rate) + TimeSpan.FromMilliseconds(1), clock, cancellation);
            Earn(rate);
        }

        _balance -= bytes;
    }

    private void Earn(long rate)
    {
        var now = clock.GetTimestamp();
        _balance = Math.Min(rate, _balance + (clock.GetElapsedTime(_counted, now).TotalSeconds * rate));
        _counted = now;
    }
}
