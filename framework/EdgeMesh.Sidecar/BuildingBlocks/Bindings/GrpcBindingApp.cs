using System.Text.Json;
using Dapr.AppCallback.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Resiliency;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.BuildingBlocks.Bindings;

/// <summary>Asked by <c>ListInputBindings</c>, told by <c>OnBindingEvent</c>. Its answer may name output bindings that get its data; states
/// in it are not written, as with daprd.</summary>
internal sealed partial class GrpcBindingApp(AppRuntime app, AppCallbacks callbacks, ILogger logger) : IBindingApp
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(10);
    private ListInputBindingsResponse? _list;

    public async Task<bool> WantsAsync(string binding, string route, CancellationToken cancellation)
    {
        _list ??= await AppQuestion.UntilAnsweredAsync(ListAsync, cancellation);
        return _list.Bindings.Contains(binding);
    }

    /// <summary>An app that serves no such method reads nothing.</summary>
    private async Task<ListInputBindingsResponse> ListAsync(CancellationToken cancellation)
    {
        try
        {
            return await callbacks.ListInputBindings(cancellation);
        }
        catch (RpcException error) when (error.StatusCode is StatusCode.Unavailable)
        {
            throw new HttpRequestException(error.Status.Detail, error);
        }
        catch (RpcException error) when (error.StatusCode is StatusCode.Cancelled)
        {
            throw new OperationCanceledException(error.Status.Detail, error, cancellation);
        }
        catch (RpcException)
        {
            return new ListInputBindingsResponse();
        }
    }

    public async Task<BindingReply> DeliverAsync(BindingEvent happened, CancellationToken cancellation)
    {
        try
        {
            var request = new BindingEventRequest { Name = happened.Binding, Data = UnsafeByteOperations.UnsafeWrap(happened.Data), Metadata = { new Dictionary<string, string>(happened.Metadata) } };
            var answer = await callbacks.OnBindingEvent(request, happened.TraceParent is { } parent ? new global::Grpc.Core.Metadata { { "traceparent", parent } } : [], TimeProvider.System.GetUtcNow().UtcDateTime + AnswerLimit, cancellation);
            if (answer.To.Count > 0)
            {
                await PassOnAsync(answer, cancellation);
            }

            return new BindingReply(answer.Data.Memory, null);
        }
        catch (RpcException error) when (!cancellation.IsCancellationRequested)
        {
            return BindingReply.Refused($"{error.StatusCode}: {error.Status.Detail}", new CallFailure(null, (int)error.StatusCode));
        }
        catch (RpcException error)
        {
            throw new OperationCanceledException(error.Message, error, cancellation);
        }
    }

    private async Task PassOnAsync(BindingEventResponse answer, CancellationToken cancellation)
    {
        var data = IsJson(answer.Data.Memory) ? answer.Data.Memory : "null"u8.ToArray();
        if (answer.Concurrency == BindingEventResponse.Types.BindingEventConcurrency.Parallel)
        {
            await Task.WhenAll(answer.To.Select(to => TryInvokeAsync(to, data, cancellation)));
            return;
        }

        // One after the other; the first that fails ends it.
        foreach (var to in answer.To)
        {
            if (!await TryInvokeAsync(to, data, cancellation))
            {
                return;
            }
        }
    }

    private async Task<bool> TryInvokeAsync(string binding, ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        try
        {
            await BindingsBlock.InvokeAsync(app, binding, new BindingRequest("create", data, BindingAnswer.NoMetadata), cancellation);
            return true;
        }
        catch (Exception error) when (error is DaprFault or BindingFailureException)
        {
            LogNotPassedOn(app.AppId, binding, error.Message);
            return false;
        }
    }

    private static bool IsJson(ReadOnlyMemory<byte> data)
    {
        try
        {
            using var document = JsonDocument.Parse(data);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    [LoggerMessage(LogLevel.Error, "What {App} answered to an event can't go to output binding {Binding}: {Reason}")]
    private partial void LogNotPassedOn(string app, string binding, string reason);
}
