using System.Globalization;

namespace EdgeMesh.Sidecar.Components.PubSubLink;

/// <summary>The metadata of a <c>pubsub.edgemesh.link</c> component.</summary>
/// <param name="Peers">The sites to send to; null: those that the gateway names.</param>
/// <param name="QueueLimit">Messages that wait for one peer.</param>
internal sealed record LinkOptions(IReadOnlyList<string>? Peers, int QueueLimit)
{
    /// <summary>Peers that are served at all.</summary>
    public const int PeerLimit = 256;

    private const int DefaultQueueLimit = 256;
    private const int LargestQueueLimit = 100_000;

    /// <exception cref="ArgumentException">A value is no such value.</exception>
    public static LinkOptions Read(ComponentSpec spec)
    {
        var peers = spec["peers"]?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (peers?.FirstOrDefault(p => !IsSite(p)) is { } wrong)
        {
            throw new ArgumentException($"'peers' names '{wrong}', which is no site's name (1 to 40 lower-case letters, digits and hyphens, the first a letter).");
        }

        return new LinkOptions(peers is { Length: > 0 } ? peers : null, spec["queueLimit"] switch
        {
            null or "" => DefaultQueueLimit,
            var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is > 0 and <= LargestQueueLimit => limit,
            var text => throw new ArgumentException($"'queueLimit' must be a number from 1 to {LargestQueueLimit}, and is '{text}'."),
        });
    }

    /// <summary>The rule of the house, as Hosting's SiteNames has it. Names go into paths as they are.</summary>
    public static bool IsSite(string name) =>
        name.Length is > 0 and <= 40 && char.IsAsciiLetterLower(name[0]) && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
