using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Forward;

/// <summary>What the link may carry of telemetry: bytes a day and bytes a second. Near the day's end of the budget the less important stays
/// here, so that there is room for errors. Reports and alerts go their own way and are not held up by it. Not for concurrent use.</summary>
internal sealed class WanBudget(long bytesADay, int bytesASecond)
{
    /// <summary>Besides its body a request costs about this: headers, TLS, TCP.</summary>
    public const int BytesOfARequest = 700;

    /// <summary>Of the day's bytes, what each importance may use up to.</summary>
    private static readonly (int Importance, double Share)[] Shares = [(OutgoingRows.Rest, 0.8), (OutgoingRows.Metrics, 0.9), (OutgoingRows.Errors, 1)];

    private long _day;

    /// <summary>On the day of <see cref="Day"/>.</summary>
    public long Sent { get; private set; }

    public static long Day(DateTimeOffset now) => now.UtcTicks / TimeSpan.TicksPerDay;

    /// <summary>The least important that may go now; 0: nothing.</summary>
    public int LeastImportant(DateTimeOffset now)
    {
        Turn(now);
        return Shares.FirstOrDefault(s => Sent < bytesADay * s.Share).Importance;
    }

    /// <summary>How long the link should rest after so many bytes.</summary>
    public TimeSpan Spend(DateTimeOffset now, long bytes)
    {
        Turn(now);
        Sent += bytes;
        return TimeSpan.FromSeconds((double)bytes / bytesASecond);
    }

    /// <summary>What was sent before this process began.</summary>
    public void Restore(long day, long bytes) => (_day, Sent) = (day, bytes);

    private void Turn(DateTimeOffset now)
    {
        if (Day(now) != _day)
        {
            (_day, Sent) = (Day(now), 0);
        }
    }
}
