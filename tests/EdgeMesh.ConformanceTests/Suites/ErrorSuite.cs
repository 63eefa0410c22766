using System.Text.Json;
using EdgeMesh.ConformanceTests.Engines;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Failures that a client can cause, and what it sees of them. <c>ErrorAnswers.txt</c> has a line for each: for HTTP the request, the
/// status, Dapr's code, the reason in its details and the message; for gRPC the call, the status, the message and the status's details.
/// What is <c>*</c> is worded otherwise by each engine; where daprd gives no details (<c>-</c>), the embedded engine may give a code.</summary>
public abstract class ErrorSuite(MetricsFixture fixture)
{
    private static readonly string[][] Lines = [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Suites", "ErrorAnswers.txt")).Select(l => l.Split('\t'))];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string, string> OverHttp() => new(Lines.Where(l => l[0] == "HTTP").Select(l => (l[1], l[2], l[3], string.Join(' ', l[4..7]) + ": " + l[7])));

    public static TheoryData<string, string, string> OverGrpc() => new(Lines.Where(l => l[0] == "GRPC").Select(l => (l[1], l[4], $"{l[2]}: {l[3]}")));

    [Theory]
    [MemberData(nameof(OverHttp))]
    public async Task Http_Failure_HasStatusCodeReasonAndMessage(string verb, string path, string body, string expected)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var request = new HttpRequestMessage(new HttpMethod(verb), path) { Content = body.Length > 0 || verb is "POST" or "PUT" ? Running.Json(body) : null };
        using var answer = await client.SendAsync(request, Cancellation);
        Same(expected, $"{(int)answer.StatusCode} {Fault(await answer.Content.ReadAsStringAsync(Cancellation))}");
    }

    [Theory]
    [MemberData(nameof(OverGrpc))]
    public async Task Grpc_Failure_HasStatusMessageAndDetails(string call, string details, string expected)
    {
        var dapr = await fixture.RunningAsync();
        var error = await Assert.ThrowsAsync<RpcException>(() => FailingCalls.ByName[call](dapr.Grpc(), Running.Token, Cancellation));
        Same(expected, $"{error.StatusCode}: {error.Status.Detail}");
        var status = error.Trailers.GetValueBytes("grpc-status-details-bin") ?? [];
        var actual = string.Join("; ", Google.Rpc.Status.Parser.ParseFrom(status).Details.Select(Detail)) is { Length: > 0 } some ? some : "-";
        if (details != "-" || !actual.StartsWith("ErrorInfo ERR_", StringComparison.Ordinal))
        {
            Same(details, actual);
        }
    }

    private static string Detail(Any detail) =>
        detail.TryUnpack(out ErrorInfo info) ? $"ErrorInfo {info.Reason} {info.Domain} {{{string.Join(", ", info.Metadata.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => $"{m.Key}={m.Value}"))}}}"
        : detail.TryUnpack(out ResourceInfo resource) ? $"ResourceInfo {resource.ResourceType} {resource.ResourceName} '{resource.Owner}' '{resource.Description}'"
        : detail.TryUnpack(out BadRequest request) ? "BadRequest " + string.Join(", ", request.FieldViolations.Select(v => $"{v.Field}: {v.Description}"))
        : detail.TypeUrl;

    /// <summary>Code, reason and message of a body; a body that is no fault of Dapr's is all message.</summary>
    private static string Fault(string body)
    {
        if (!body.StartsWith('{') || !JsonDocument.Parse(body).RootElement.TryGetProperty("errorCode", out var code))
        {
            return $" : {body}";
        }

        var fault = JsonDocument.Parse(body).RootElement;
        var reason = fault.TryGetProperty("details", out var details)
            ? details.EnumerateArray().Select(d => d.TryGetProperty("reason", out var why) ? why.GetString() : null).FirstOrDefault(r => r is not null)
            : null;
        return $"{code.GetString()} {reason}: {fault.GetProperty("message").GetString()}";
    }

    private static void Same(string expected, string actual)
    {
        var (start, any) = expected.EndsWith('*') ? (expected[..^1], true) : (expected, false);
        Assert.Equal(start, any ? actual[..Math.Min(start.Length, actual.Length)] : actual);
    }
}

public sealed class EmbeddedErrorTests(EmbeddedMetricsFixture fixture) : ErrorSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdErrorTests(DaprdMetricsFixture fixture) : ErrorSuite(fixture);
