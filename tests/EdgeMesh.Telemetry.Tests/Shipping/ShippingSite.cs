using Microsoft.Extensions.Logging;

namespace EdgeMesh.Telemetry.Tests.Shipping;

/// <summary>A site that logs and ships to a fake index, on a moved clock.</summary>
internal sealed class ShippingSite : IDisposable
{
    private static readonly TelemetryIdentity Identity = new("clinic-a", "records");

    private LogShipping? _shipping;
    private SpoolLoggerProvider? _provider;

    public ShippingSite() => Index = new FakeIndex(Clock);

    public MovedClock Clock { get; } = new();

    public TempFolder Folder { get; } = new();

    public FakeIndex Index { get; }

    public LogShipping Shipping => _shipping ?? throw new InvalidOperationException("The site is not started.");

    public ILogger Logger { get; private set; } = Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

    public string DeadLetters => Path.Combine(Folder.Path, "dead-letters.ndjson");

    public ShippingSite Start(Func<LogShippingOptions, LogShippingOptions>? change = null, long quota = 64 << 20)
    {
        var options = new LogShippingOptions
        {
            Url = new Uri("http://index.test:9200"),
            Spool = new LogSpoolOptions { Folder = Folder.Path, Quota = quota, Buffer = 1 << 20 },
            Handler = new FakeIndexHandler(Index),
            Random = new Random(7),
        };
        _shipping = LogShipping.Take(change?.Invoke(options) ?? options, Identity, Clock);
        _provider = new SpoolLoggerProvider(Identity, _shipping, Clock);
        Logger = _provider.CreateLogger("EdgeMesh.Some");
        return this;
    }

    /// <summary>Writes what was logged, ends the sending.</summary>
    public void Stop() => _provider?.Dispose();

    public async Task LogAsync(int from, int count)
    {
        for (var n = from; n < from + count; n++)
        {
            Log(LogLevel.Information, $"event {n}");
        }

        Assert.True(await Shipping.Spool.FlushAsync());
    }

    public void Log(LogLevel level, string message) => Logger.Log(level, 0, message, null, static (text, _) => text);

    /// <summary>Moves the clock until everything is delivered. A spool that was just opened knows what it holds once it has read its folder, and
    /// flushes behind that.</summary>
    public async Task DrainAsync(TimeSpan? step = null)
    {
        await Shipping.Spool.FlushAsync();
        await Clock.MoveUntilAsync(() => Shipping.Spool.Status is { BacklogRecords: 0, LostRecords: 0 } && Shipping.Status.State == LogShippingState.Idle, step);
    }

    public void AssertArrivedOnce(int from, int count) =>
        Assert.Equal(Enumerable.Range(from, count).Select(n => $"event {n}").Order(StringComparer.Ordinal), Index.Messages.Order(StringComparer.Ordinal));

    public void Dispose()
    {
        Stop();
        Folder.Dispose();
    }
}
