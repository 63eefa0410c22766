using System.Globalization;

namespace EdgeMesh.Sidecar.Components.BindingsCron;

/// <summary>Calls its app on a schedule. Nothing is kept of it: what was due while the process was down does not come later.</summary>
internal sealed class CronBinding : IInputBinding
{
    public static readonly string[] Fields = ["schedule", "timezone"];

    /// <summary>No timer of the system waits longer; what is further off is waited for in pieces.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly Schedule _schedule;
    private readonly string _zone;
    private readonly TimeProvider _clock;

    private CronBinding(Schedule schedule, string zone, TimeProvider clock) => (_schedule, _zone, _clock) = (schedule, zone, clock);

    /// <exception cref="ArgumentException">The schedule or the time zone is none.</exception>
    public static CronBinding Open(ComponentSpec spec, ComponentContext context)
    {
        var text = spec["schedule"] is { Length: > 0 } given ? given : throw new ArgumentException("'schedule' is missing. Give a cron expression, or @every 1h.");
        var zone = spec["timezone"] is { Length: > 0 } name ? Zone(name) : TimeZoneInfo.Local;
        return Schedule.TryParse(text, zone, minuteCron: true, out var schedule, out var fault)
            ? new CronBinding(schedule, spec["timezone"] is { Length: > 0 } named ? named : "Local", context.Clock)
            : throw new ArgumentException($"'schedule' is refused: {fault}.");
    }

    public bool IsRead => true;

    public bool IsMissable => true;

    /// <summary>Each time that comes is told without data.</summary>
    public async Task ReadAsync(InputHandler handler, CancellationToken cancellation)
    {
        var due = _schedule.Next(_clock.GetUtcNow());
        while (due is { } moment)
        {
            while (moment - _clock.GetUtcNow() is var wait && wait > TimeSpan.Zero)
            {
                await Task.Delay(wait < LongestWait ? wait : LongestWait, _clock, cancellation);
            }

            // A slow app does not hold the next one up.
            _ = handler(new InputEvent(default, new Dictionary<string, string>
            {
                ["readTimeUTC"] = _clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fffffff '+0000 UTC'", CultureInfo.InvariantCulture),
                ["timeZone"] = _zone,
            }));
            due = _schedule.Next(moment) is { } next && next > _clock.GetUtcNow() ? next : _schedule.Next(_clock.GetUtcNow());
        }
    }

    private static TimeZoneInfo Zone(string name) =>
        TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : throw new ArgumentException($"'timezone' names '{name}', which this machine does not know. Use a name such as Europe/Berlin.");
}
