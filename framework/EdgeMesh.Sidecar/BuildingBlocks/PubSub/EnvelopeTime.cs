using System.Globalization;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>Times in an envelope: RFC 3339, in seconds.</summary>
internal static class EnvelopeTime
{
    public static string Format(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Whether an envelope's <c>expiration</c> is over; what is no time never is.</summary>
    public static bool IsPast(string expiration, DateTimeOffset now) =>
        DateTimeOffset.TryParse(expiration, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment) && moment < now;
}
