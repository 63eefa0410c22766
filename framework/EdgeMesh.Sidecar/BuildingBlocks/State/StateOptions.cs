using System.Globalization;

namespace EdgeMesh.Sidecar.BuildingBlocks.State;

/// <summary>Reads what clients say of how a key is to be written. A fault's text is daprd's.</summary>
internal static class StateOptions
{
    public const string TtlField = "ttlInSeconds";

    public static (int? Seconds, string? Fault) Ttl(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return (null, null);
        }

        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds))
        {
            return (null, $"error parsing TTL: incorrect value for metadata '{TtlField}': parsing \"{text}\": invalid syntax");
        }

        return seconds is >= -1 and <= int.MaxValue ? ((int)seconds, null) : (null, $"error parsing TTL: incorrect value for metadata '{TtlField}': must be -1 or greater");
    }

    public static (bool FirstWrite, string? Fault) Concurrency(string? text) => text switch
    {
        null or "" or "last-write" => (false, null),
        "first-write" => (true, null),
        _ => (false, $"unrecognized concurrency model '{text}'"),
    };

    /// <summary>Accepted and of no effect: every store here is strongly consistent.</summary>
    public static string? Consistency(string? text) =>
        text is null or "" or "strong" or "eventual" ? null : $"unrecognized consistency model '{text}'";

    /// <summary>As Dapr writes it in answers.</summary>
    public static string Expiry(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
