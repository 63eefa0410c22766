using System.Text;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Actors;
using EdgeMesh.Sidecar.BuildingBlocks.State;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Http;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Reminder = EdgeMesh.Sidecar.BuildingBlocks.Actors.Reminder;
using StateOptions = EdgeMesh.Sidecar.BuildingBlocks.State.StateOptions;

namespace EdgeMesh.Sidecar.Grpc;

/// <summary>Actors by gRPC. Bytes of timers and reminders reach the app as base64 in JSON, as daprd sends them.</summary>
internal static class ActorMethods
{
    private static readonly TimeSpan EndlessRetryPause = TimeSpan.FromSeconds(1);

    public static void Add(MethodTable methods)
    {
        ActorStreamMethods.Add(methods);
        methods.Add<InvokeActorRequest, InvokeActorResponse>("InvokeActor", InvokeAsync);
        methods.Add<GetActorStateRequest, GetActorStateResponse>("GetActorState", GetStateAsync);
        methods.Add<ExecuteActorStateTransactionRequest, Empty>("ExecuteActorStateTransaction", TransactAsync);
        methods.Add<RegisterActorTimerRequest, Empty>("RegisterActorTimer", (app, request, _) =>
        {
            ActorSchedules.RegisterTimer(app, Address(request.ActorType, request.ActorId), request.Name, new(request.DueTime, request.Period, request.Ttl, request.Callback, Data(request.Data)));
            return Task.FromResult(new Empty());
        });
        methods.Add<UnregisterActorTimerRequest, Empty>("UnregisterActorTimer", (app, request, _) =>
        {
            ActorSchedules.UnregisterTimer(app, Address(request.ActorType, request.ActorId), request.Name);
            return Task.FromResult(new Empty());
        });
        methods.Add<RegisterActorReminderRequest, Empty>("RegisterActorReminder", async (app, request, _) =>
        {
            var schedule = new ActorSchedule(request.DueTime, request.Period, request.Ttl, "", Data(request.Data));
            var overwrite = !request.HasOverwrite || request.Overwrite;
            await ActorSchedules.RegisterReminderAsync(app, Address(request.ActorType, request.ActorId), request.Name, schedule, Retry(request.FailurePolicy), overwrite);
            return new Empty();
        });
        methods.Add<UnregisterActorReminderRequest, Empty>("UnregisterActorReminder", async (app, request, _) =>
        {
            await ActorSchedules.UnregisterReminderAsync(app, Address(request.ActorType, request.ActorId), request.Name);
            return new Empty();
        });
        methods.Add<UnregisterActorRemindersByTypeRequest, UnregisterActorRemindersByTypeResponse>("UnregisterActorRemindersByType", async (app, request, _) =>
        {
            await ActorSchedules.UnregisterRemindersAsync(app, request.ActorType, request.ActorId);
            return new UnregisterActorRemindersByTypeResponse();
        });
        methods.Add<GetActorReminderRequest, GetActorReminderResponse>("GetActorReminder", (app, request, _) =>
        {
            var told = Tell(ActorSchedules.GetReminder(app, Address(request.ActorType, request.ActorId), request.Name));
            var response = new GetActorReminderResponse { ActorType = told.ActorType, ActorId = told.ActorId, Data = told.Data };
            if (told.HasDueTime)
            {
                response.DueTime = told.DueTime;
            }

            if (told.HasPeriod)
            {
                response.Period = told.Period;
            }

            return Task.FromResult(response);
        });
        methods.Add<ListActorRemindersRequest, ListActorRemindersResponse>("ListActorReminders", (app, request, _) => Task.FromResult(new ListActorRemindersResponse
        {
            Reminders = { ActorSchedules.ListReminders(app, request.ActorType, request.ActorId).Select(r => new NamedActorReminder { Name = r.Name, Reminder = Tell(r) }) },
        }));
    }

    private static ActorAddress Address(string type, string id) => ActorAddress.Of(type, id);

    private static async Task<InvokeActorResponse> InvokeAsync(AppRuntime app, InvokeActorRequest request, ServerCallContext call)
    {
        using var http = new HttpRequestMessage { Content = new ReadOnlyMemoryContent(request.Data.Memory) };
        foreach (var (name, value) in request.Metadata.Where(m => !InvocationHeaders.IsOurs(m.Key)))
        {
            http.Headers.TryAddWithoutValidation(InvocationHeaders.PassedName(name), value);
        }

        var method = Uri.EscapeDataString(ActorAddress.Method(request.Method));
        using var answer = await ActorsBlock.InvokeAsync(app, new ActorCall(Address(request.ActorType, request.ActorId), "method/" + method, http), call.CancellationToken);
        return new InvokeActorResponse { Data = UnsafeByteOperations.UnsafeWrap(await answer.Content.ReadAsByteArrayAsync(call.CancellationToken)) };
    }

    private static async Task<GetActorStateResponse> GetStateAsync(AppRuntime app, GetActorStateRequest request, ServerCallContext call)
    {
        var item = await ActorState.GetAsync(app, Address(request.ActorType, request.ActorId), request.Key, call.CancellationToken);
        var response = new GetActorStateResponse();
        if (item is not null)
        {
            response.Data = UnsafeByteOperations.UnsafeWrap(item.Value);
            if (item.ExpiresAt is { } expires)
            {
                response.Metadata["ttlExpireTime"] = StateOptions.Expiry(expires);
            }
        }

        return response;
    }

    private static async Task<Empty> TransactAsync(AppRuntime app, ExecuteActorStateTransactionRequest request, ServerCallContext call)
    {
        await ActorState.TransactAsync(app, Address(request.ActorType, request.ActorId), [.. request.Operations.Select(Write)], call.CancellationToken);
        return new Empty();
    }

    private static StateWrite Write(TransactionalActorStateOperation operation)
    {
        var (ttl, fault) = StateOptions.Ttl(operation.Metadata.TryGetValue(StateOptions.TtlField, out var text) ? text : null);
        return operation.OperationType switch
        {
            "upsert" => new StateWrite(operation.Key, operation.Value?.Value.Memory ?? ReadOnlyMemory<byte>.Empty) { TtlSeconds = ttl, Fault = fault },
            "delete" => new StateWrite(operation.Key, null),
            var other => throw ActorState.NotSupported(other),
        };
    }

    private static byte[]? Data(ByteString data) => data.IsEmpty ? null : Encoding.ASCII.GetBytes($"\"{data.ToBase64()}\"");

    private static RetryPolicy? Retry(JobFailurePolicy? policy) => policy?.PolicyCase switch
    {
        JobFailurePolicy.PolicyOneofCase.Drop => RetryPolicy.Drop,
        JobFailurePolicy.PolicyOneofCase.Constant => new RetryPolicy(
            // Without an end there must be a pause.
            policy.Constant.Interval?.ToTimeSpan() is { } pause && pause > TimeSpan.Zero ? pause : policy.Constant.HasMaxRetries ? TimeSpan.Zero : EndlessRetryPause,
            policy.Constant.HasMaxRetries ? (int)Math.Min(policy.Constant.MaxRetries, int.MaxValue) : null),
        _ => null,
    };

    private static ActorReminder Tell(Reminder reminder)
    {
        var told = new ActorReminder { ActorType = reminder.Actor.Type, ActorId = reminder.Actor.Id };
        if (reminder.DueTime.Length > 0)
        {
            told.DueTime = reminder.DueTime;
        }

        if (reminder.When.Every is { } every)
        {
            told.Period = every.ToEvery();
        }

        if (reminder.Data is { } data)
        {
            told.Data = Any.Pack(new BytesValue { Value = ByteString.CopyFrom(data) });
        }

        return told;
    }
}
