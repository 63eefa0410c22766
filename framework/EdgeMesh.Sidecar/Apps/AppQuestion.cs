using System.Net;
using System.Text.Json;
using EdgeMesh.Sidecar.Http;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Apps;

/// <summary>Asks an app what it wants of its sidecar. An app may come later than its sidecar: it is asked until it answers.</summary>
internal static partial class AppQuestion
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);

    /// <summary>The JSON that an HTTP app answers to <c>GET</c>; undefined when it has none there.</summary>
    public static Task<JsonElement> GetJsonAsync(AppArrival arrival, string path, CancellationToken cancellation) => UntilAnsweredAsync(async limit =>
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, arrival.Channel.Address(path));
        using var answer = await arrival.Channel.SendAsync(request, limit);
        if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
        {
            throw new HttpRequestException($"GET {path} answered 503");
        }

        try
        {
            return answer.IsSuccessStatusCode && answer.StatusCode != HttpStatusCode.NoContent
                ? JsonDocument.Parse(GoJson.Mended(await answer.Content.ReadAsByteArrayAsync(limit))).RootElement
                : default;
        }
        catch (JsonException error)
        {
            LogFault(arrival.Logger, arrival.App.AppId, $"GET {path} answered no JSON: {error.Message}");
            return default;
        }
    }, cancellation);

    /// <summary>Asks again after a pause while <paramref name="ask"/> throws what means that nobody is there (<see cref="HttpRequestException"/>,
    /// <see cref="IOException"/>), or takes too long.</summary>
    public static async Task<T> UntilAnsweredAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancellation)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(AnswerLimit);
            try
            {
                return await ask(limit.Token);
            }
            catch (Exception error) when (error is HttpRequestException or IOException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                // Not there yet, or not able to answer yet. Another host comes up in its own time, whatever clock a test gave to this one.
                await Task.Delay(pause, TimeProvider.System, cancellation);
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "{App}: {Fault}")]
    public static partial void LogFault(ILogger logger, string app, string fault);
}
