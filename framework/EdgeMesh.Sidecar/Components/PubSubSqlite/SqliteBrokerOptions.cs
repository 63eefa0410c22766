using System.Globalization;

namespace EdgeMesh.Sidecar.Components.PubSubSqlite;

/// <summary>The metadata of a <c>pubsub.edgemesh.sqlite</c> component.</summary>
/// <param name="Path">The broker's file.</param>
/// <param name="Retention">What is older goes, acknowledged or not; so does a group that nobody subscribed for as long.</param>
/// <param name="MaxMessages">Messages that wait for one group; the oldest goes first.</param>
/// <param name="MaxBytes">Bytes of all messages; the oldest goes first.</param>
/// <param name="MaxInFlight">Messages that one subscriber has in hand.</param>
internal sealed record SqliteBrokerOptions(string Path, TimeSpan Retention, long MaxMessages, long MaxBytes, int MaxInFlight)
{
    public static readonly string[] Fields = ["connectionString", "retention", "maxMessages", "maxBytes", "maxInFlight"];

    private static readonly TimeSpan DefaultRetention = TimeSpan.FromDays(7);
    private const long DefaultMaxMessages = 100_000;
    private const long DefaultMaxBytes = 1L << 30;
    private const int DefaultMaxInFlight = 16;

    /// <exception cref="ArgumentException">A value is missing, or is no such value.</exception>
    public static SqliteBrokerOptions Read(ComponentSpec spec, ComponentContext context) => new(
        SqliteFile.Path(spec["connectionString"] ?? throw new ArgumentException("'connectionString' is missing. Give the broker's file, such as events.db."), context.WorkingDirectory),
        ReadRetention(spec["retention"]),
        Number(spec, "maxMessages", DefaultMaxMessages, long.MaxValue),
        Number(spec, "maxBytes", DefaultMaxBytes, long.MaxValue),
        (int)Number(spec, "maxInFlight", DefaultMaxInFlight, 10_000));

    private static TimeSpan ReadRetention(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return DefaultRetention;
        }

        var retention = TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var span) && text.Contains(':', StringComparison.Ordinal) ? span : GoDuration.Parse(text, "retention");
        return retention > TimeSpan.Zero ? retention : throw new ArgumentException($"'retention' must be more than nothing, and is '{text}'.");
    }

    private static long Number(ComponentSpec spec, string field, long normal, long largest) => spec[field] switch
    {
        null or "" => normal,
        var text when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 && number <= largest => number,
        var text => throw new ArgumentException($"'{field}' must be a whole number from 1 to {largest}, and is '{text}'."),
    };
}
