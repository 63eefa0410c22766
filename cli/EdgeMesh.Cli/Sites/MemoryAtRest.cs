namespace EdgeMesh.Cli.Sites;

/// <summary>Gives back what a burst of work left behind. A collector collects when somebody allocates: a site that was busy and is at rest
/// would keep the burst's garbage for hours, on a machine that other programs need. Costs one pause, at most once a minute. What a site
/// makes while it rests is collected in small parts, of a millisecond or two, at most every five seconds: the budget that it works with
/// (<see cref="SiteHeap"/>) is far more than it needs then.</summary>
/// <param name="clock">Tells when to look.</param>
/// <param name="spent">The processor time of this process so far.</param>
/// <param name="allocated">The bytes that this process allocated so far.</param>
/// <param name="collect">Collects what was made last.</param>
/// <param name="giveBack">Collects and gives back.</param>
internal sealed class MemoryAtRest(TimeProvider clock, Func<TimeSpan> spent, Func<long> allocated, Action collect, Action giveBack) : IDisposable
{
    /// <summary>Less garbage than this is not worth a pause.</summary>
    private const long WorthAPause = 32 << 20;

    /// <summary>What a runtime that knows no such budget lets a program make before it collects.</summary>
    private const long WorthACollection = 3 << 20;

    /// <summary>Share of one processor under which a process is at rest.</summary>
    private const double Rest = 0.05;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    /// <summary>A site that works and rests by turns is not held up at each of them.</summary>
    private static readonly TimeSpan AtMostEvery = TimeSpan.FromMinutes(1);

    private ITimer? _timer;
    private bool _worked;
    private long? _last;
    private TimeSpan _spent;
    private long _given;
    private long _collected;

    /// <summary>Of this process.</summary>
    public static MemoryAtRest Start(TimeProvider clock)
    {
        var memory = new MemoryAtRest(
            clock, () => Environment.CpuUsage.TotalTime, () => GC.GetTotalAllocatedBytes(), () => GC.Collect(0),
            () => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true));
        memory.Start();
        return memory;
    }

    public void Start()
    {
        _spent = spent();
        _timer = clock.CreateTimer(_ => Look(), null, LookEvery, LookEvery);
    }

    public void Dispose() => _timer?.Dispose();

    private void Look()
    {
        var (now, total) = (spent(), allocated());
        var isAtRest = now - _spent < LookEvery * Rest;
        _worked |= !isAtRest;
        if (isAtRest && _worked && total - _given >= WorthAPause && !(_last is { } last && clock.GetElapsedTime(last) < AtMostEvery))
        {
            giveBack();
            (now, _given, _last, _worked) = (spent(), allocated(), clock.GetTimestamp(), false);
            _collected = _given;
        }
        else if (isAtRest && total - _collected >= WorthACollection)
        {
            collect();
            _collected = total;
        }

        _spent = now;
    }
}
