using System.Net;
using System.Net.Http.Headers;
using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Apps;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.BuildingBlocks.Jobs;

/// <summary>Tells an app that a job is due: <c>POST /job/{name}</c> with the job's data as its body, or <c>OnJobEventAlpha1</c>.</summary>
internal sealed partial class JobPostman(AppRuntime app, AppChannel channel, ILogger logger)
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(10);

    public async Task<JobVerdict> DeliverAsync(Job job, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(AnswerLimit);
        try
        {
            return channel.Callbacks is { } callbacks ? await CallAsync(callbacks, job, limit.Token) : await PostAsync(job, limit.Token);
        }
        catch (Exception error) when (error is HttpRequestException or IOException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            LogUnreachable(app.AppId, job.Name, error.Message);
            return JobVerdict.Failed;
        }
    }

    private async Task<JobVerdict> PostAsync(Job job, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, channel.Address("/job/" + Uri.EscapeDataString(job.Name))) { Content = new ByteArrayContent(JobData.Body(job)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var answer = await channel.SendAsync(request, cancellation);
        if (answer.IsSuccessStatusCode)
        {
            return JobVerdict.Done;
        }

        LogRefused(app.AppId, job.Name, (int)answer.StatusCode);
        return answer.StatusCode == HttpStatusCode.NotFound ? JobVerdict.Unknown : JobVerdict.Failed;
    }

    private async Task<JobVerdict> CallAsync(AppCallbacks callbacks, Job job, CancellationToken cancellation)
    {
        try
        {
            var request = new JobEventRequest
            {
                Name = job.Name,
                Data = job.Data ?? new Any(),
                Method = "job/" + job.Name,
                ContentType = job.Data?.TypeUrl ?? "",
                HttpExtension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Post },
            };
            await callbacks.OnJobEvent(request, TimeProvider.System.GetUtcNow().UtcDateTime + AnswerLimit, cancellation);
            return JobVerdict.Done;
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.Cancelled && cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(error.Message, error, cancellation);
        }
        catch (RpcException error)
        {
            LogFailed(app.AppId, job.Name, error.StatusCode, error.Status.Detail);
            return error.StatusCode is StatusCode.Unimplemented or StatusCode.NotFound ? JobVerdict.Unknown : JobVerdict.Failed;
        }
    }

    [LoggerMessage(LogLevel.Warning, "{App} answered {Status} to job {Job}")]
    private partial void LogRefused(string app, string job, int status);

    [LoggerMessage(LogLevel.Warning, "{App} failed with job {Job} ({Status}: {Reason})")]
    private partial void LogFailed(string app, string job, StatusCode status, string reason);

    [LoggerMessage(LogLevel.Warning, "{App} can't be reached with job {Job}: {Reason}")]
    private partial void LogUnreachable(string app, string job, string reason);
}
