using System.Globalization;

namespace EdgeMesh.Telemetry.Tests.Shipping;

/// <summary>A process that logs numbered events and ships them until it is killed. Says on standard output which are synced.</summary>
internal static class ShippingProcess
{
    public const string Command = "ship";

    /// <param name="arguments">The spool's folder, the index's address, the stream, the first number.</param>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var identity = new TelemetryIdentity("clinic-a", "records");
        var options = new LogShippingOptions
        {
            Url = new Uri(arguments[1]),
            Spool = new LogSpoolOptions { Folder = arguments[0], SyncInterval = TimeSpan.FromMilliseconds(5) },
            Stream = arguments[2],
            BatchRecords = 50,
            Linger = TimeSpan.FromMilliseconds(1),
            LongestPause = TimeSpan.FromMilliseconds(50),
        };
        using var shipping = LogShipping.Take(options, identity, TimeProvider.System);
        using var provider = new SpoolLoggerProvider(identity, shipping, TimeProvider.System);
        var logger = provider.CreateLogger("EdgeMesh.Some");
        for (var number = int.Parse(arguments[3], CultureInfo.InvariantCulture); ; number += 10)
        {
            for (var n = number; n < number + 10; n++)
            {
                logger.Log(Microsoft.Extensions.Logging.LogLevel.Information, 0, $"event {n}", null, static (text, _) => text);
            }

            if (!await shipping.Spool.FlushAsync())
            {
                return 1;
            }

            Console.Out.WriteLine(number + 10);
            await Console.Out.FlushAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(1));
        }
    }
}
