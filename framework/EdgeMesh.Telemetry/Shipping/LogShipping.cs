using System.Diagnostics.CodeAnalysis;

namespace EdgeMesh.Telemetry;

/// <summary>A share in a spool and its shipper. Hosts of one process that name one folder share them: the first opens by its options, the
/// last one writes what was logged and ends the sending. What is then not yet delivered waits for the next start.</summary>
public sealed class LogShipping : IDisposable
{
    // A folder has one owner in a process, as it has one process.
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, Open> ByFolder = [];

    private readonly string _folder;
    private readonly Open _open;
    private int _returned;

    private LogShipping(string folder, Open open) => (_folder, _open) = (folder, open);

    /// <summary>Where records wait.</summary>
    public LogSpool Spool => _open.Spool;

    /// <summary>How shipping is doing.</summary>
    public LogShippingStatus Status => _open.Shipper.Status;

    internal LogShipper Shipper => _open.Shipper;

    /// <summary>Opens the spool and starts to ship, or takes a share. Does not wait for the index.</summary>
    /// <exception cref="InvalidOperationException">The options are wrong, or another process owns the folder.</exception>
    public static LogShipping Take(LogShippingOptions options, TelemetryIdentity identity, TimeProvider clock)
    {
        var folder = Path.GetFullPath(options.Spool.Folder);
        lock (Gate)
        {
            if (!ByFolder.TryGetValue(folder, out var open))
            {
                ByFolder[folder] = open = new Open(options, identity, clock);
            }

            open.Shares++;
            return new LogShipping(folder, open);
        }
    }

    /// <summary>Gives the share back.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "The last share disposes what all of them used.")]
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _returned, 1) == 1)
        {
            return;
        }

        // Under the gate to the end: who opens the folder next must find it free.
        lock (Gate)
        {
            if (--_open.Shares == 0)
            {
                ByFolder.Remove(_folder);
                _open.Dispose();
            }
        }
    }

    private sealed class Open : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly ElasticClient _client;
        private readonly ShippingMeter _meter;
        private readonly Task _running;

        public Open(LogShippingOptions options, TelemetryIdentity identity, TimeProvider clock)
        {
            Spool = LogSpool.Open(options.Spool, clock);
            _client = new ElasticClient(options, clock);
            Shipper = new LogShipper(Spool, options, _client, new EcsOrigin(identity), clock);
            _meter = new ShippingMeter(identity, Spool, Shipper, clock);
            _running = RunAsync();
        }

        public LogSpool Spool { get; }

        public LogShipper Shipper { get; }

        public int Shares { get; set; }

        public void Dispose()
        {
            _stop.Cancel();
            _running.GetAwaiter().GetResult();
            _meter.Dispose();
            _client.Dispose();
            Spool.Dispose();
            _stop.Dispose();
        }

        private async Task RunAsync()
        {
            // Whoever starts a host does not wait for the first request.
            await Task.Yield();
            try
            {
                await Shipper.RunAsync(_stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                // The last host has gone.
            }
            catch (Exception error)
            {
                Shipper.Fail(error);
            }
        }
    }
}
