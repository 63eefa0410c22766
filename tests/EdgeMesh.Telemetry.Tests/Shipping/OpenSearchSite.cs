using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Telemetry.Tests.Shipping;

/// <summary>A site that logs and ships to the real server, into a stream of its own.</summary>
internal sealed class OpenSearchSite(OpenSearch server) : IDisposable
{
    private static readonly TelemetryIdentity Identity = new("clinic-a", "records");

    public TempFolder Folder { get; } = new();

    public string Stream { get; } = $"logs-edgemesh-{Guid.NewGuid():N}";

    public string DeadLetters => Path.Combine(Folder.Path, "dead-letters.ndjson");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static ILogger Logger(LogShipping shipping, TimeProvider? clock = null) => new SpoolLogger("EdgeMesh.Some", new EcsOrigin(Identity), shipping.Spool, clock ?? TimeProvider.System);

    public static async Task LogAsync(LogShipping shipping, int from, int count, TimeProvider? clock = null)
    {
        var logger = Logger(shipping, clock);
        for (var n = from; n < from + count; n++)
        {
            logger.Log(LogLevel.Information, 0, (IReadOnlyList<KeyValuePair<string, object?>>)[new("n", n)], null, (_, _) => $"event {n}");
        }

        Assert.True(await shipping.Spool.FlushAsync());
    }

    public static Task DrainAsync(LogShipping shipping) => UntilAsync(() => IsDrained(shipping));

    public static bool IsDrained(LogShipping shipping) => shipping.Spool.Status is { BacklogRecords: 0, LostRecords: 0 } && shipping.Status.State == LogShippingState.Idle;

    public static async Task UntilAsync(Func<bool> happened)
    {
        for (var tries = 0; !happened(); tries++)
        {
            Assert.True(tries < 6000, "It has not happened within a minute.");
            await Task.Delay(10, Cancellation);
        }
    }

    public LogShipping Start(ServerLink? link = null, int batch = 2000, TimeProvider? clock = null, Func<LogShippingOptions, LogShippingOptions>? change = null)
    {
        var options = new LogShippingOptions
        {
            Url = new Uri(server.Url),
            Spool = new LogSpoolOptions { Folder = Folder.Path },
            Stream = Stream,
            BatchRecords = batch,
            Linger = TimeSpan.FromMilliseconds(10),
            LongestPause = TimeSpan.FromMilliseconds(500),
            LongestHold = TimeSpan.FromSeconds(1),
            Handler = link,
        };
        return LogShipping.Take(change?.Invoke(options) ?? options, Identity, clock ?? TimeProvider.System);
    }

    /// <summary>Asks the server about the stream.</summary>
    /// <param name="method">Of HTTP.</param>
    /// <param name="path">Below the stream.</param>
    /// <param name="body">JSON, if any.</param>
    public Task<JsonElement> AskAsync(string method, string path, string? body = null) => server.SendAsync(method, $"{Stream}/{path}", body);

    public async Task<List<string>> MessagesAsync() => [.. (await RecordsAsync()).Select(r => r.GetProperty("message").GetString()!)];

    public Task<List<JsonElement>> RecordsAsync() => server.RecordsAsync(Stream);

    public async Task AssertArrivedOnceAsync(IEnumerable<int> numbers) =>
        Assert.Equal(numbers.Select(n => $"event {n}").Order(StringComparer.Ordinal), (await MessagesAsync()).Order(StringComparer.Ordinal));

    public Task AssertArrivedOnceAsync(int count) => AssertArrivedOnceAsync(Enumerable.Range(0, count));

    public void Dispose() => Folder.Dispose();
}
