using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using EdgeMesh.Sidecar.Apps;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>Brings many messages in one <c>POST</c>, and reads <c>{"statuses":[{"entryId":"…","status":"SUCCESS|RETRY|DROP"}]}</c>. What
/// the answer does not say SUCCESS or DROP of is to be retried, all of it when the answer is none.</summary>
internal sealed partial class HttpBulkSender(AppRuntime app, AppChannel channel, Subscription subscription, ILogger logger)
{
    private const int AnswerSizeLimit = 4 * 1024 * 1024;
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(10);

    public async Task<IReadOnlyList<Verdict>> SendAsync(string path, IReadOnlyList<Parcel> parcels, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(AnswerLimit);
        var ids = parcels.Select(_ => Guid.NewGuid().ToString()).ToArray();
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, channel.Address(path.StartsWith('/') ? path : "/" + path));
            request.Content = new ReadOnlyMemoryContent(BulkEnvelope.Write(subscription, parcels, ids));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            request.Headers.TryAddWithoutValidation("pubsubname", subscription.PubSub);
            using var answer = await channel.SendAsync(request, limit.Token);
            if (answer.IsSuccessStatusCode)
            {
                return Verdicts(ids, await StatusesAsync(answer, limit.Token));
            }

            LogRefused(app.AppId, parcels.Count, subscription.Topic, subscription.PubSub, (int)answer.StatusCode);
            // As with daprd, an app that has no such route loses them all, dead letter topic or not.
            return All(parcels, answer.StatusCode == HttpStatusCode.NotFound ? Verdict.Success : Verdict.Retry);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or UriFormatException or JsonException or InvalidOperationException
            || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            LogUnanswered(app.AppId, parcels.Count, subscription.Topic, subscription.PubSub, error.Message);
            return All(parcels, Verdict.Retry);
        }
    }

    private static Verdict[] All(IReadOnlyList<Parcel> parcels, Verdict verdict) => [.. parcels.Select(_ => verdict)];

    private static async Task<Dictionary<string, string?>> StatusesAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        var body = new MemoryStream();
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellation);
        var buffer = new byte[16 * 1024];
        while (await stream.ReadAsync(buffer, cancellation) is > 0 and var read)
        {
            body.Write(buffer, 0, body.Length + read <= AnswerSizeLimit ? read : throw new IOException($"the answer is larger than {AnswerSizeLimit} bytes"));
        }

        using var json = JsonDocument.Parse(body.GetBuffer().AsMemory(0, (int)body.Length));
        var statuses = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var entry in Http.GoJson.Find(json.RootElement, "statuses") is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : default)
        {
            if (Http.GoJson.Find(entry, "entryId")?.GetString() is { } id)
            {
                statuses[id] = Http.GoJson.Find(entry, "status")?.GetString();
            }
        }

        return statuses;
    }

    private Verdict[] Verdicts(string[] ids, Dictionary<string, string?> statuses)
    {
        var verdicts = ids.Select(id => statuses.GetValueOrDefault(id) switch { "SUCCESS" => Verdict.Success, "DROP" => Verdict.Drop, _ => Verdict.Retry }).ToArray();
        if (verdicts.Count(v => v == Verdict.Retry) is > 0 and var count)
        {
            LogRetry(app.AppId, count, ids.Length, subscription.Topic, subscription.PubSub);
        }

        return verdicts;
    }

    [LoggerMessage(LogLevel.Warning, "{App} did not say SUCCESS to {Count} of {All} messages of topic {Topic} of {PubSub}: to be retried")]
    private partial void LogRetry(string app, int count, int all, string topic, string pubSub);

    [LoggerMessage(LogLevel.Error, "{App} answered {Status} to {Count} messages of topic {Topic} of {PubSub}")]
    private partial void LogRefused(string app, int count, string topic, string pubSub, int status);

    [LoggerMessage(LogLevel.Warning, "{App} gave no answer to {Count} messages of topic {Topic} of {PubSub} ({Reason}): to be retried")]
    private partial void LogUnanswered(string app, int count, string topic, string pubSub, string reason);
}
