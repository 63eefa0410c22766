namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>How messages of a topic are gathered before the app gets them together: Dapr's <c>bulkSubscribe</c>.</summary>
/// <param name="MaxMessages">So many are brought at once.</param>
/// <param name="MaxAwait">Nobody waits longer for company.</param>
internal sealed record BulkOptions(int MaxMessages, TimeSpan MaxAwait)
{
    private const int DefaultMaxMessages = 100;
    private const int MessagesLimit = 10_000;
    private static readonly TimeSpan DefaultMaxAwait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AwaitLimit = TimeSpan.FromMinutes(10);

    /// <summary>A value that is missing or no such value is Dapr's default.</summary>
    public static BulkOptions Of(long? maxMessages, long? maxAwaitMilliseconds) => new(
        maxMessages is > 0 ? (int)Math.Min(maxMessages.Value, MessagesLimit) : DefaultMaxMessages,
        maxAwaitMilliseconds is > 0 ? TimeSpan.FromMilliseconds(Math.Min(maxAwaitMilliseconds.Value, AwaitLimit.TotalMilliseconds)) : DefaultMaxAwait);
}
