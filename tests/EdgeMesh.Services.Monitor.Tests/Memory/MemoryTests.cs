using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using EdgeMesh.Services.Monitor.Intake.Protos;
using EdgeMesh.Services.Monitor.Tests.Intake;
using Google.Protobuf;

namespace EdgeMesh.Services.Monitor.Tests.Memory;

/// <summary>What a monitor takes of the machine's memory, in a process with its sidecar, while a site's telemetry of days comes in at once and
/// somebody looks at it all the time.</summary>
public sealed class MemoryTests
{
    private const double Megabyte = 1_000_000;
    private const long Bound = 150_000_000;
    private const int Lines = 1_000_000;
    private const int LinesOfAnExport = 500;
    private const int SpansOfATrace = 5;
    private const int Series = 50;

    private static readonly string[] Looks =
    [
        "monitor/logs?limit=200", "monitor/logs?text=haystack&from=2026-03-01", "monitor/logs?level=error&service=records", "monitor/traces?from=2026-03-01&milliseconds=200",
        "monitor/logs/counts?from=2026-03-01T12:00:00Z&to=2026-03-03T12:00:00Z&parts=60", "monitor/series", "monitor/series/1?from=2026-03-01&to=2026-03-03&points=5000", "monitor/status",
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Category", "Long")]
    public async Task Monitor_AMillionLinesWithTracesAndSeries_StaysUnder150MB()
    {
        using var monitor = Start();
        try
        {
            var address = await monitor.StandardOutput.ReadLineAsync(Cancellation) ?? throw new InvalidOperationException("The monitor ended by itself.");
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(address) };
            var (looked, held) = (new List<string>(), 0L);
            for (var export = 0; export < Lines / LinesOfAnExport; export++)
            {
                await Task.WhenAll(
                    SendAsync(client, "v1/logs", Exports.Logs([.. Enumerable.Range(export * LinesOfAnExport, LinesOfAnExport).Select(Line)])),
                    SendAsync(client, "v1/traces", Exports.Traces([.. Enumerable.Range(export * 10 * SpansOfATrace, 10 * SpansOfATrace).Select(Span)])),
                    SendAsync(client, "v1/metrics", Exports.Metrics([.. Enumerable.Range(0, Series).Select(n => Gauge(n, export))])));
                if (export % 50 == 0)
                {
                    looked.Add($"{Looks[export / 50 % Looks.Length]}: {await AskAsync(monitor, Looks[export / 50 % Looks.Length])}");
                }

                held = Math.Max(held, Held(monitor));
            }

            var used = long.Parse(await AskAsync(monitor, ""), CultureInfo.InvariantCulture);
            monitor.Refresh();
            Figure.Print("lines", Lines);
            Figure.Print("heldMegabytes", held / Megabyte);
            Figure.Print("residentMegabytes", monitor.PeakWorkingSet64 / Megabyte);
            Figure.Print("inUseAtTheEndMegabytes", used / Megabyte);
            Assert.All(looked, answer => Assert.Contains(": OK ", answer, StringComparison.Ordinal));
            Assert.InRange(used, 1, Bound);
            Assert.InRange(held, 1, Bound);
        }
        finally
        {
            monitor.Kill(entireProcessTree: true);
            await monitor.WaitForExitAsync(Cancellation);
        }
    }

    private static Process Start() => Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [MeasuredMonitor.Command]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;

    /// <summary>What the machine can't take back while the process lives: all but the pages of programs and files, which it reads again when it
    /// needs their room.</summary>
    private static long Held(Process process) => File.ReadLines($"/proc/{process.Id}/status")
        .Where(line => line.StartsWith("RssAnon:", StringComparison.Ordinal) || line.StartsWith("RssShmem:", StringComparison.Ordinal))
        .Sum(line => 1024 * long.Parse(line.Split(' ', '\t', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture));

    private static async Task<string> AskAsync(Process monitor, string path)
    {
        await monitor.StandardInput.WriteLineAsync(path.AsMemory(), Cancellation);
        await monitor.StandardInput.FlushAsync(Cancellation);
        return await monitor.StandardOutput.ReadLineAsync(Cancellation) ?? throw new InvalidOperationException("The monitor ended by itself.");
    }

    /// <summary>As senders do: what the monitor can't take at the moment comes again.</summary>
    private static async Task SendAsync(HttpClient client, string path, IMessage export)
    {
        for (var tries = 0; ; tries++)
        {
            using var content = new ByteArrayContent(export.ToByteArray()) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-protobuf") } };
            using var answer = await client.PostAsync(path, content, Cancellation);
            if (answer.IsSuccessStatusCode)
            {
                return;
            }

            Assert.True(tries < 30 && answer.StatusCode == HttpStatusCode.TooManyRequests, $"{path} answers {answer.StatusCode}: {await answer.Content.ReadAsStringAsync(Cancellation)}");
            await Task.Delay(answer.Headers.RetryAfter!.Delta!.Value, Cancellation);
        }
    }

    private static LogRecord Line(int n)
    {
        var line = Exports.Record(
            string.Create(CultureInfo.InvariantCulture, $"Answered GET /fhir/Patient with 200 in {n % 97} ms for the {n}th time"), n % 1000 == 0 ? 17 : 9,
            Exports.Pair("Request", string.Create(CultureInfo.InvariantCulture, $"r-{n}")), Exports.Pair("http.route", "/fhir/{**path}"));
        line.TimeUnixNano = Exports.Nanoseconds(n / 10.0);
        return line;
    }

    private static Span Span(int n)
    {
        var span = Exports.Span("GET /fhir/{**path}");
        span.TraceId = Id(16, 1 + (n / SpansOfATrace));
        span.SpanId = Id(8, 1 + n);
        span.ParentSpanId = n % SpansOfATrace == 0 ? ByteString.Empty : Id(8, n);
        span.StartTimeUnixNano = Exports.Nanoseconds(n);
        span.EndTimeUnixNano = Exports.Nanoseconds(n + (n % 50 / 100.0));
        return span;
    }

    private static Metric Gauge(int series, int n) => new()
    {
        Name = "queue.depth", Gauge = new() { DataPoints = { new NumberDataPoint { TimeUnixNano = Exports.Nanoseconds(n * 10), AsDouble = n % 17, Attributes = { Exports.Pair("queue", string.Create(CultureInfo.InvariantCulture, $"q-{series}")) } } } },
    };

    private static ByteString Id(int length, long number)
    {
        var bytes = new byte[length];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(length - 8), number);
        return ByteString.CopyFrom(bytes);
    }
}
