using System.Net.Http.Headers;
using System.Text.Json;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>Reports to one core, through this site's gateway.</summary>
internal sealed partial class CoreLink(string core, AppClients apps, TimeProvider clock, ILogger<CoreLink> logger)
{
    private const int MostAnswerBytes = 1024 * 1024;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    private bool _answers = true;

    /// <summary>The core's name.</summary>
    public string Core => core;

    /// <summary>This site's clock beside that core's.</summary>
    public ClockSkew Skew { get; private set; } = ClockSkew.None;

    /// <summary>What the core answers; null: it can't be reached, or refuses.</summary>
    public async Task<ReportAnswer?> SendAsync(SiteReport report, CancellationToken cancellation)
    {
        try
        {
            using var client = apps.Get("gateway", Limit);
            client.MaxResponseContentBufferSize = MostAnswerBytes;
            var sent = clock.GetUtcNow();
            var body = JsonSerializer.SerializeToUtf8Bytes(report with { Time = sent, Clock = Skew.Best }, FleetJson.Default.SiteReport);
            using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            using var answer = await client.PostAsync($"mesh/{core}{FleetEndpoints.Report}", content, cancellation);
            var text = await answer.Content.ReadAsByteArrayAsync(cancellation);
            if (!answer.IsSuccessStatusCode)
            {
                return Fail($"it answers {(int)answer.StatusCode}");
            }

            var parsed = JsonSerializer.Deserialize(text.AsSpan(), FleetJson.Default.ReportAnswer) ?? throw new JsonException("the answer is null");
            Skew = Skew.With(sent, parsed.Received, parsed.Answered, clock.GetUtcNow());
            if (!_answers)
            {
                LogAnswers(core);
            }

            _answers = true;
            return parsed;
        }
        catch (Exception error) when (error is HttpRequestException or JsonException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return Fail(error.Message);
        }
    }

    private ReportAnswer? Fail(string reason)
    {
        if (_answers)
        {
            LogAway(core, reason);
        }

        _answers = false;
        return null;
    }

    [LoggerMessage(LogLevel.Warning, "The core {Core} took no report ({Reason}); the site goes on without it")]
    private partial void LogAway(string core, string reason);

    [LoggerMessage(LogLevel.Information, "The core {Core} takes reports again")]
    private partial void LogAnswers(string core);
}
