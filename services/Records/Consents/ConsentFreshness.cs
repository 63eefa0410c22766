using System.Collections.Concurrent;
using System.Text.Json;
using EdgeMesh.Hosting;
using Microsoft.Extensions.Options;

namespace EdgeMesh.Services.Records.Consents;

/// <summary>How long ago this site last knew all that another one shares: beyond a bound a withdrawal may have been missed, and copies of
/// that site are not read. Counted by the monotonic clock while the process runs; across restarts from a file, and from the latest time
/// that any run has seen, so a clock that was put back makes nothing young again. A crash loses at most the last tick of that.</summary>
internal sealed partial class ConsentFreshness
{
    private readonly string _path;
    private readonly TimeSpan _bound;
    private readonly TimeProvider _clock;
    private readonly ILogger<ConsentFreshness> _logger;
    private readonly ConcurrentDictionary<string, Contact> _contacts = new(StringComparer.Ordinal);
    private readonly long _started;
    private readonly DateTimeOffset _base;

    public ConsentFreshness(SiteIdentity identity, IOptions<RecordsOptions> options, TimeProvider clock, ILogger<ConsentFreshness> logger)
    {
        (_path, _bound, _clock, _logger) = (Path.Combine(identity.DataDirectory, "records", "contacts.json"), TimeSpan.FromMinutes(options.Value.ConsentMinutes), clock, logger);
        var saved = Load();
        _started = clock.GetTimestamp();
        _base = saved.Seen > clock.GetUtcNow() ? saved.Seen : clock.GetUtcNow();
        foreach (var (site, at) in saved.Contacts)
        {
            _contacts[site] = new Contact(at);
        }
    }

    /// <summary>Whether what a site has said of its consents is young enough to show its patients' data by it.</summary>
    public bool IsFresh(string site) => _contacts.TryGetValue(site, out var contact) && Now() - contact.At <= _bound;

    /// <summary>Everything that a site shares has been applied here.</summary>
    public void Reached(string site) => _contacts[site] = new Contact(Now());

    /// <summary>Keeps contacts and the time for the next start. Without it the next start counts from the save before, so it only errs to
    /// the side of age.</summary>
    public void Save()
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            FileReplacement.Write(_path, file => JsonSerializer.Serialize(file, new Saved(Now(), _contacts.ToDictionary(c => c.Key, c => c.Value.At))));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            LogNotSaved(_logger, _path, error.Message);
        }
    }

    /// <summary>The latest of what the clock shows and what must have passed since the start.</summary>
    private DateTimeOffset Now()
    {
        var (passed, shown) = (_base + _clock.GetElapsedTime(_started), _clock.GetUtcNow());
        return shown > passed ? shown : passed;
    }

    private Saved Load()
    {
        try
        {
            return File.Exists(_path) && JsonSerializer.Deserialize<Saved>(File.ReadAllBytes(_path)) is { Contacts: not null } saved ? saved : Saved.Nothing;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            LogNotRead(_logger, _path, error.Message);
            return Saved.Nothing;
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Path} can't be written: {Reason}. Until it can, a restart counts copies of other sites as older than they are.")]
    private static partial void LogNotSaved(ILogger logger, string path, string reason);

    [LoggerMessage(LogLevel.Warning, "{Path} can't be read: {Reason}. Copies of other sites are shown again once those sites answer.")]
    private static partial void LogNotRead(ILogger logger, string path, string reason);

    private sealed record Contact(DateTimeOffset At);

    private sealed record Saved(DateTimeOffset Seen, Dictionary<string, DateTimeOffset> Contacts)
    {
        public static Saved Nothing => new(DateTimeOffset.MinValue, []);
    }
}
