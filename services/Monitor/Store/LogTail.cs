using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace EdgeMesh.Services.Monitor.Store;

/// <summary>Hands log lines to who watches, as they are stored. Writing never waits for a watcher: one that is too slow loses lines, and is
/// told how many.</summary>
internal sealed class LogTail(TimeProvider clock)
{
    /// <summary>The service under whose name a watcher is told what it lost.</summary>
    public const string LossService = "monitor";

    private const int MostWatchers = 64;
    private const int LinesThatWait = 1000;

    private readonly Lock _gate = new();
    private Watcher[] _watchers = [];

    public void Publish(IReadOnlyList<LogLine> lines)
    {
        foreach (var watcher in Volatile.Read(ref _watchers))
        {
            watcher.Take(lines);
        }
    }

    /// <summary>What is stored from now on and fits the query; its times, <c>Before</c> and <c>Limit</c> do not matter.</summary>
    public async IAsyncEnumerable<LogLine> WatchAsync(LogQuery query, string site, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var watcher = new Watcher(query);
        if (!Add(watcher))
        {
            yield return Word(site, $"{MostWatchers} others watch already: close one of them.");
            yield break;
        }

        try
        {
            await foreach (var line in watcher.Lines.ReadAllAsync(cancellation))
            {
                if (watcher.TakeLost() is > 0 and var lost)
                {
                    yield return Word(site, $"{lost} lines came faster than they could be shown and were left out; a search finds them.");
                }

                yield return line;
            }
        }
        finally
        {
            Remove(watcher);
        }
    }

    private LogLine Word(string site, string message) =>
        new(0, clock.GetUtcNow(), site, LossService, LogLevel.Warning, message, null, null, new Dictionary<string, string>());

    private bool Add(Watcher watcher)
    {
        lock (_gate)
        {
            if (_watchers.Length >= MostWatchers)
            {
                return false;
            }

            _watchers = [.. _watchers, watcher];
            return true;
        }
    }

    private void Remove(Watcher watcher)
    {
        lock (_gate)
        {
            _watchers = [.. _watchers.Where(w => w != watcher)];
        }
    }

    private sealed class Watcher(LogQuery query)
    {
        private readonly Channel<LogLine> _lines = Channel.CreateBounded<LogLine>(LinesThatWait);
        private int _lost;

        public ChannelReader<LogLine> Lines => _lines.Reader;

        public int TakeLost() => Interlocked.Exchange(ref _lost, 0);

        public void Take(IReadOnlyList<LogLine> lines)
        {
            foreach (var line in lines)
            {
                if (Fits(line) && !_lines.Writer.TryWrite(line))
                {
                    Interlocked.Increment(ref _lost);
                }
            }
        }

        private bool Fits(LogLine line) =>
            line.Level >= query.LeastLevel
            && (query.Site is null || query.Site == line.Site)
            && (query.Service is null || query.Service == line.Service)
            && (query.TraceId is null || query.TraceId == line.TraceId)
            && query.Fields.All(f => line.Fields.TryGetValue(f.Key, out var value) && value == f.Value)
            && (string.IsNullOrEmpty(query.Text) || Has(line.Message) || line.Fields.Any(f => Has(f.Key) || Has(f.Value)));

        private bool Has(string text) => text.Contains(query.Text!, StringComparison.OrdinalIgnoreCase);
    }
}
