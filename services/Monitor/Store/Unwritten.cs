namespace EdgeMesh.Services.Monitor.Store;

/// <summary>The disk does not take what comes.</summary>
/// <param name="Since">Since when.</param>
/// <param name="Reason">What it said last.</param>
/// <param name="Lost">Records that came meanwhile and that nobody is known to send again.</param>
internal sealed record StoreOutage(DateTimeOffset Since, string Reason, long Lost);

/// <summary>Counts records that the disk did not take, until it takes some: then the number is written with those, as given up. In memory until
/// then; a process that ends meanwhile takes the number with it, for there is nowhere to write it. May be used by several threads.</summary>
internal sealed partial class Unwritten(TimeProvider clock, ILogger<TelemetryStore> logger)
{
    /// <summary>What they are counted as.</summary>
    public const string What = "not-written";

    private readonly Lock _gate = new();
    private StoreOutage? _outage;
    private long _records;

    /// <summary>Null: the disk took what came last.</summary>
    public StoreOutage? Outage
    {
        get
        {
            lock (_gate)
            {
                return _outage;
            }
        }
    }

    /// <summary>The disk refused.</summary>
    /// <param name="lost">Records that are gone by it.</param>
    /// <param name="taken">Records that were taken to be written with these, and are not.</param>
    /// <param name="reason">What it said.</param>
    public void Add(long lost, long taken, string reason)
    {
        bool begins;
        lock (_gate)
        {
            begins = _outage is null;
            _outage = new(_outage?.Since ?? clock.GetUtcNow(), reason, (_outage?.Lost ?? 0) + lost);
            _records += lost + taken;
        }

        if (begins)
        {
            LogRefuses(reason);
        }
    }

    /// <summary>Within a transaction: those that it shall count. If it fails, <see cref="Add"/> takes them back.</summary>
    public long Take()
    {
        lock (_gate)
        {
            var records = _records;
            _records = 0;
            return records;
        }
    }

    /// <summary>The disk takes what comes.</summary>
    public void End()
    {
        StoreOutage? over;
        lock (_gate)
        {
            (over, _outage) = (_outage, null);
        }

        if (over is not null)
        {
            LogTakes(over.Since, over.Lost);
        }
    }

    [LoggerMessage(LogLevel.Error, "The store takes no telemetry ({Reason}): make room on its disk; it goes on by itself")]
    private partial void LogRefuses(string reason);

    [LoggerMessage(LogLevel.Warning, "The store takes telemetry again; since {Since} it could not, and {Lost} records that came meanwhile are lost unless they are sent again")]
    private partial void LogTakes(DateTimeOffset since, long lost);
}
