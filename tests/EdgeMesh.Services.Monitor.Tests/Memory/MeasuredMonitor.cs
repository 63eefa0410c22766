using System.Globalization;
using System.Net;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Monitor.Tests.Memory;

/// <summary>A process that is a site's monitor and its sidecar, and nothing else. Says on standard output where it takes telemetry, then for each
/// path that it reads what its API answers: the status and the length. An empty line asks for what the program has in use, in bytes.</summary>
internal static class MeasuredMonitor
{
    public const string Command = "monitor";

    private static readonly Caller Operator = new() { Kind = CallerKind.User, Subject = "olga", Site = TelemetrySite.Site, Roles = ["operator"] };

    public static async Task<int> RunAsync()
    {
        await using var site = await TelemetrySite.StartAsync();
        System.Console.Out.WriteLine(site.Otlp.BaseAddress);
        while (await System.Console.In.ReadLineAsync() is { } path)
        {
            System.Console.Out.WriteLine(path.Length == 0 ? GC.GetTotalMemory(forceFullCollection: true).ToString(CultureInfo.InvariantCulture) : await AskAsync(site, path));
        }

        return 0;
    }

    private static async Task<string> AskAsync(TelemetrySite site, string path)
    {
        using var answer = await site.SendAsync(HttpMethod.Get, path, Operator);
        var body = await answer.Content.ReadAsByteArrayAsync();
        return string.Create(CultureInfo.InvariantCulture, $"{(answer.StatusCode == HttpStatusCode.OK ? "OK" : answer.StatusCode)} {body.Length}");
    }
}
