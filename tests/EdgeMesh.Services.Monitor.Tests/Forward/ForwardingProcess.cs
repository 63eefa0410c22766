using System.Globalization;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Forward;
using EdgeMesh.Services.Monitor.Store;
using EdgeMesh.Services.Monitor.Tests.Store;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Services.Monitor.Tests.Forward;

/// <summary>A process that stores numbered lines and forwards them until it is killed. Says on standard output which are stored.</summary>
internal static class ForwardingProcess
{
    public const string Command = "forward";

    private const int LinesOfABatch = 10;

    /// <param name="arguments">The site's data folder, the link's address, the first number.</param>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var options = new MonitorOptions { Core = CoreLink.CoreName };
        await using var store = new TelemetryStore(new SiteIdentity(TemporaryStore.Site, MonitorApp.AppId, arguments[0]), options, TimeProvider.System, NullLogger<TelemetryStore>.Instance);
        using var apps = CoreLink.Clients(arguments[1]);
        using var forwarder = new Forwarder(store, options, apps, TimeProvider.System, NullLogger<Forwarder>.Instance);
        var forwarding = ForwardAsync(forwarder);
        for (var number = int.Parse(arguments[2], CultureInfo.InvariantCulture); !forwarding.IsCompleted; number += LinesOfABatch)
        {
            var added = await store.AddAsync(new TelemetryBatch { Logs = [.. Enumerable.Range(number, LinesOfABatch).Select(Line)] });
            if (added.Outcome != AddOutcome.Stored)
            {
                return 1;
            }

            System.Console.Out.WriteLine(number + LinesOfABatch);
            await System.Console.Out.FlushAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(1));
        }

        await forwarding;
        return 1;
    }

    private static LogLine Line(int number) => new(
        0, TimeProvider.System.GetUtcNow(), TemporaryStore.Site, "records", number % 7 == 0 ? LogLevel.Error : LogLevel.Information, $"line {number}", null, null, new Dictionary<string, string>());

    /// <summary>Without the rests that a real link is given: what matters is where a kill may fall.</summary>
    private static async Task ForwardAsync(Forwarder forwarder)
    {
        while (true)
        {
            await forwarder.TurnAsync(CancellationToken.None);
            await Task.Delay(TimeSpan.FromMilliseconds(1));
        }
    }
}
