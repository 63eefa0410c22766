using System.Collections.Immutable;

namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>How far a site's clock is ahead of the core's.</summary>
/// <param name="Ahead">Negative: it is behind.</param>
/// <param name="Error">The truth is within so much of it.</param>
internal readonly record struct ClockReading(TimeSpan Ahead, TimeSpan Error);

/// <summary>Measures a site's clock beside the core's by the four times of an exchange, as NTP does: half of the round trip is what the
/// answer can be wrong by, so of the last exchanges the fastest is believed.</summary>
/// <param name="Readings">Oldest first, at most <see cref="Most"/>.</param>
internal sealed record ClockSkew(ImmutableArray<ClockReading> Readings)
{
    private const int Most = 8;

    /// <summary>Nothing measured.</summary>
    public static readonly ClockSkew None = new([]);

    /// <summary>The best that is known; null: nothing.</summary>
    public ClockReading? Best => Readings.IsEmpty ? null : Readings.MinBy(r => r.Error);

    /// <summary>Takes an exchange in.</summary>
    /// <param name="sent">The site's clock when it sent.</param>
    /// <param name="received">The core's clock when it received.</param>
    /// <param name="answered">The core's clock when it answered.</param>
    /// <param name="returned">The site's clock when the answer came.</param>
    public ClockSkew With(DateTimeOffset sent, DateTimeOffset received, DateTimeOffset answered, DateTimeOffset returned)
    {
        var roundTrip = returned - sent - (answered - received);
        if (roundTrip < TimeSpan.Zero)
        {
            // One of the clocks was set meanwhile.
            return this;
        }

        var ahead = (sent - received + (returned - answered)) / 2;
        return new([.. Readings.Append(new ClockReading(ahead, roundTrip / 2)).TakeLast(Most)]);
    }
}
