using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using EdgeMesh.Services.Monitor.Intake.Grpc;
using EdgeMesh.Services.Monitor.Intake.Protos;
using EdgeMesh.Services.Monitor.Store;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Services.Monitor.Tests.Intake;

public sealed class OtlpTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("protobuf")]
    [InlineData("protobuf gzip")]
    [InlineData("json")]
    [InlineData("grpc")]
    [InlineData("grpc gzip")]
    public async Task Export_OfLogsByEachTransport_StoresThemUnderThisSiteWithTheirFields(string transport)
    {
        await using var site = await TelemetrySite.StartAsync();
        var request = Exports.Logs(Exports.Record("Stored 3 records", 13, Exports.Pair("Count", "3"), Exports.Pair("edgemesh.service", "gateway"), Exports.Pair("edgemesh.site", "clinic-z")));

        await ExportAsync(site, transport, request);

        var line = Assert.Single(site.Store.FindLogs(new LogQuery(), Cancellation).Lines);
        var expected = new LogLine(line.Id, Exports.Time, TelemetrySite.Site, "gateway", LogLevel.Warning, "Stored 3 records", Exports.TraceId, Exports.SpanId,
            new Dictionary<string, string> { ["Count"] = "3", ["log.logger"] = "EdgeMesh.Records" });
        Assert.Equivalent(expected, line, strict: true);
    }

    [Fact]
    public async Task Export_OfSpansOverGrpc_StoresThemUnderSettledNamesWithTheirLinks()
    {
        await using var site = await TelemetrySite.StartAsync();
        var client = new TraceExport(site.GrpcAddress);
        var empty = Exports.Span("no id");
        empty.SpanId = ByteString.Empty;

        var answer = await client.SendAsync(Exports.Traces(Exports.Span("GET /fhir"), empty));

        Assert.Equal(1, answer.PartialSuccess.RejectedSpans);
        var span = Assert.Single(site.Store.FindTrace(Exports.TraceId, Cancellation));
        Assert.Equal((TelemetrySite.Site, "ledger", "server", true, TimeSpan.FromMilliseconds(250)), (span.Site, span.Service, span.Kind, span.IsError, span.Duration));
        Assert.Equivalent(new Dictionary<string, string> { ["server.address"] = "db", ["error.message"] = "gone" }, span.Attributes, strict: true);
        Assert.Equal(new SpanLink("00000000000000000000000000000001", "0000000000000001"), Assert.Single(span.Links));
    }

    [Fact]
    public async Task Export_BeyondWhatWaitsToBeWritten_IsToldWhenToComeAgainByEachTransport()
    {
        await using var site = await TelemetrySite.StartAsync(("QueueBytes", "65536"));
        var heavy = Exports.Logs([.. Enumerable.Range(0, 1000).Select(i => Exports.Record(new string('x', 100) + i))]);

        using var overHttp = await PostAsync(site, heavy.ToByteArray(), "application/x-protobuf", "logs");
        var overGrpc = await Assert.ThrowsAsync<RpcException>(() => ExportAsync(site, "grpc", heavy));

        Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(2)), (overHttp.StatusCode, overHttp.Headers.RetryAfter?.Delta));
        Assert.Equal(StatusCode.ResourceExhausted, overGrpc.StatusCode);
        var details = RpcStatus.Parser.ParseFrom(overGrpc.Trailers.GetValueBytes("grpc-status-details-bin"));
        Assert.Equal(2, Assert.Single(details.Details).Unpack<RetryInfo>().RetryDelay.Seconds);
        Assert.Empty(site.Store.FindLogs(new LogQuery(), Cancellation).Lines);
    }

    [Theory]
    [InlineData("not protobuf", "application/x-protobuf", HttpStatusCode.BadRequest)]
    [InlineData("{", "application/json", HttpStatusCode.BadRequest)]
    [InlineData("{}", "text/plain", HttpStatusCode.UnsupportedMediaType)]
    public async Task Export_ThatIsNone_IsRefusedForGood(string body, string type, HttpStatusCode status)
    {
        await using var site = await TelemetrySite.StartAsync();

        using var answer = await PostAsync(site, Encoding.UTF8.GetBytes(body), type, "logs");

        Assert.Equal(status, answer.StatusCode);
        Assert.NotEmpty(await answer.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task Export_ThatUnpacksToGigabytes_IsRefusedByEachTransport()
    {
        await using var site = await TelemetrySite.StartAsync();
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (var i = 0; i < 20; i++)
            {
                await gzip.WriteAsync(new byte[1024 * 1024], Cancellation);
            }
        }

        using var overHttp = await PostAsync(site, packed.ToArray(), "application/x-protobuf", "logs", "gzip");
        var overGrpc = await Assert.ThrowsAsync<RpcException>(() => ExportAsync(site, "grpc gzip", Exports.Logs(Exports.Record(new string('x', 17 * 1024 * 1024)))));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, overHttp.StatusCode);
        Assert.Equal(StatusCode.ResourceExhausted, overGrpc.StatusCode);
        Assert.Null(overGrpc.Trailers.Get("grpc-status-details-bin"));
        Assert.Empty(site.Store.FindLogs(new LogQuery(), Cancellation).Lines);
    }

    [Fact]
    public async Task Doors_EachServeTheirOwnAlone()
    {
        await using var site = await TelemetrySite.StartAsync();
        using var app = site.Host.AppClient(MonitorApp.AppId);

        using var health = await site.Otlp.GetAsync("/healthz", Cancellation);
        using var body = new ByteArrayContent([]) { Headers = { ContentType = new("application/x-protobuf") } };
        using var telemetry = await app.PostAsync("/v1/logs", body, Cancellation);

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (health.StatusCode, telemetry.StatusCode));
    }

    [Fact]
    public async Task Export_OfAMaliciousLine_IsStoredHarmlessly()
    {
        await using var site = await TelemetrySite.StartAsync();
        const string evil = "\u001b[2J\0<script>alert(1)</script>\r\n2026-01-01 [Critical] forged line \u202e txt";
        KeyValue[] forged = [Exports.Pair("message", "other"), Exports.Pair("site", "clinic-b"), Exports.Pair("a\":\"b", "\",\"level\":\"Critical"), Exports.Pair("log.level", "Critical")];

        await ExportAsync(site, "protobuf gzip", Exports.Logs(Exports.Record(evil, 9, forged), Exports.Record(new string('y', 10 * 1024 * 1024)), Exports.Record("after")));

        var lines = site.Store.FindLogs(new LogQuery(), Cancellation).Lines;
        Assert.Equal(["after", "yyyyyyyy", "\\u001b["], lines.Select(l => l.Message.Length < 8 ? l.Message : l.Message[..8]).Select(m => m.StartsWith('\\') ? m[..7] : m));
        Assert.EndsWith("… (10469376 more characters were cut off)", lines[1].Message, StringComparison.Ordinal);
        Assert.Equal("\\u001b[2J\\u0000<script>alert(1)</script>\\u000d\n2026-01-01 [Critical] forged line \\u202e txt", lines[2].Message);
        Assert.Equal((TelemetrySite.Site, "records", LogLevel.Information), (lines[2].Site, lines[2].Service, lines[2].Level));
        Assert.Empty(site.Store.FindLogs(new LogQuery { Site = "clinic-b" }, Cancellation).Lines);
        Assert.Empty(site.Store.FindLogs(new LogQuery { Fields = new Dictionary<string, string> { ["level"] = "Critical" } }, Cancellation).Lines);
        Assert.Equal("\",\"level\":\"Critical", lines[2].Fields["a\":\"b"]);
    }

    private static async Task ExportAsync(TelemetrySite site, string transport, ExportLogsServiceRequest request)
    {
        switch (transport.Split(' '))
        {
            case ["grpc", .. var gzip]:
                await new LogExport(site.GrpcAddress, gzip.Length > 0).SendAsync(request);
                return;
            case ["json"]:
                // By JSON ids are hexadecimal, where protobuf's own JSON has base64.
                var json = JsonFormatter.Default.Format(request)
                    .Replace(Convert.ToBase64String(Convert.FromHexString(Exports.TraceId)), Exports.TraceId, StringComparison.Ordinal)
                    .Replace(Convert.ToBase64String(Convert.FromHexString(Exports.SpanId)), Exports.SpanId, StringComparison.Ordinal);
                (await PostAsync(site, Encoding.UTF8.GetBytes(json), "application/json", "logs")).EnsureSuccessStatusCode();
                return;
            case [_, .. var gzip]:
                var body = gzip.Length > 0 ? Pack(request.ToByteArray()) : request.ToByteArray();
                (await PostAsync(site, body, "application/x-protobuf", "logs", gzip.FirstOrDefault())).EnsureSuccessStatusCode();
                return;
        }
    }

    private static byte[] Pack(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }

    private static async Task<HttpResponseMessage> PostAsync(TelemetrySite site, byte[] body, string type, string signal, string? encoding = null)
    {
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };
        if (encoding is not null)
        {
            content.Headers.ContentEncoding.Add(encoding);
        }

        return await site.Otlp.PostAsync($"/v1/{signal}", content, Cancellation);
    }
}
