using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Resources;

/// <summary>Tells when files in the resources folders change: once for a burst, as an editor or a deployment makes it.</summary>
internal sealed partial class ResourceWatcher : IAsyncDisposable
{
    private static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(300);

    private readonly List<FileSystemWatcher> _watchers = [];
    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _telling;

    /// <param name="paths">Folders or files.</param>
    /// <param name="changed">Called one at a time.</param>
    /// <param name="logger">For folders that can't be watched.</param>
    public ResourceWatcher(IEnumerable<string> paths, Func<CancellationToken, Task> changed, ILogger logger)
    {
        foreach (var path in paths)
        {
            Watch(path, logger);
        }

        _telling = TellAsync(changed, logger, _stop.Token);
    }

    private void Watch(string path, ILogger logger)
    {
        try
        {
            var watcher = File.Exists(path) ? new FileSystemWatcher(Path.GetDirectoryName(Path.GetFullPath(path))!, Path.GetFileName(path)) : new FileSystemWatcher(path);
            watcher.Changed += Note;
            watcher.Created += Note;
            watcher.Deleted += Note;
            watcher.Renamed += Note;
            watcher.EnableRaisingEvents = true;
            _watchers.Add(watcher);
        }
        catch (Exception error) when (error is IOException or ArgumentException)
        {
            LogNotWatched(logger, path, error.Message);
        }
    }

    private void Note(object sender, FileSystemEventArgs change) => _changes.Writer.TryWrite(true);

    private async Task TellAsync(Func<CancellationToken, Task> changed, ILogger logger, CancellationToken cancellation)
    {
        try
        {
            while (await _changes.Reader.ReadAsync(cancellation))
            {
                // Files change in the time of whoever writes them, whatever clock a test gave to this process.
                await Task.Delay(Burst, TimeProvider.System, cancellation);
                _changes.Reader.TryRead(out _);
                try
                {
                    await changed(cancellation);
                }
                catch (Exception error) when (!cancellation.IsCancellationRequested)
                {
                    // A folder that is being swapped, say: the next change is looked at again.
                    LogNotRead(logger, error.Message);
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The sidecar stops.
        }
    }

    public async ValueTask DisposeAsync()
    {
        _watchers.ForEach(w => w.Dispose());
        await _stop.CancelAsync();
        await _telling;
        _stop.Dispose();
    }

    [LoggerMessage(LogLevel.Warning, "Changed resources could not be read, what was read before stays in force: {Reason}")]
    private static partial void LogNotRead(ILogger logger, string reason);

    [LoggerMessage(LogLevel.Warning, "Changes of resources in {Path} are not seen: {Reason}")]
    private static partial void LogNotWatched(ILogger logger, string path, string reason);
}
