using System.Net;
using System.Net.Http.Headers;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Resiliency;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.BuildingBlocks.Bindings;

/// <summary>Asked by <c>OPTIONS</c> on the binding's route, told by <c>POST</c> there. What it answers goes back to the binding; states and
/// further bindings in it are for gRPC apps alone, as with daprd.</summary>
internal sealed partial class HttpBindingApp(AppRuntime app, AppChannel channel, ILogger logger) : IBindingApp
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(10);

    public async Task<bool> WantsAsync(string binding, string route, CancellationToken cancellation)
    {
        try
        {
            var status = await AppQuestion.UntilAnsweredAsync(limit => AskAsync(route, limit), cancellation);
            if ((int)status is >= 200 and < 300 || status == HttpStatusCode.MethodNotAllowed)
            {
                return true;
            }

            LogNotWanted(app.AppId, binding, route, (int)status);
        }
        catch (UriFormatException error)
        {
            LogNotAsked(app.AppId, binding, route, error.Message);
        }

        return false;
    }

    private async Task<HttpStatusCode> AskAsync(string route, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, channel.Address(route));
        using var answer = await channel.SendAsync(request, cancellation);
        return answer.StatusCode;
    }

    public async Task<BindingReply> DeliverAsync(BindingEvent happened, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(AnswerLimit);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, channel.Address(happened.Route)) { Content = new ReadOnlyMemoryContent(happened.Data) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            foreach (var (field, value) in happened.Metadata)
            {
                request.Headers.TryAddWithoutValidation(field, value);
            }

            if (happened.TraceParent is { } parent)
            {
                request.Headers.TryAddWithoutValidation("traceparent", parent);
            }

            request.Options.Set(AppChannel.Binding, happened.Binding);
            using var answer = await channel.SendAsync(request, limit.Token);
            if (!answer.IsSuccessStatusCode)
            {
                return BindingReply.Refused($"it answered {(int)answer.StatusCode}", new CallFailure((int)answer.StatusCode, null));
            }

            await answer.Content.LoadIntoBufferAsync(app.Process.MaxBodySize, limit.Token);
            return new BindingReply(await answer.Content.ReadAsByteArrayAsync(limit.Token), null);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or UriFormatException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return BindingReply.Refused(error.Message);
        }
    }

    [LoggerMessage(LogLevel.Information, "{App} does not read input binding {Binding}: OPTIONS {Route} answered {Status}")]
    private partial void LogNotWanted(string app, string binding, string route, int status);

    [LoggerMessage(LogLevel.Error, "{App} can't be asked whether it reads input binding {Binding} at {Route}, so it does not: {Reason}")]
    private partial void LogNotAsked(string app, string binding, string route, string reason);
}
