using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using EdgeMesh.Sidecar.BuildingBlocks.Actors;
using EdgeMesh.Sidecar.BuildingBlocks.State;
using EdgeMesh.Sidecar.Components;

namespace EdgeMesh.Sidecar.Http;

/// <summary>The JSON bodies of the actors API; names in any case, as Go reads them.</summary>
[JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(ActorOperation[]))]
[JsonSerializable(typeof(ScheduleBody))]
internal sealed partial class ActorJson : JsonSerializerContext
{
    /// <summary>A reminder as its client gets it.</summary>
    public static ReadOnlyMemory<byte> Write(Reminder reminder)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(buffer, Answers.Readable))
        {
            json.WriteStartObject();
            json.WriteString("actorID", reminder.Actor.Id);
            json.WriteString("actorType", reminder.Actor.Type);
            if (reminder.Data is { } data)
            {
                json.WritePropertyName("data");
                json.WriteRawValue(data, skipInputValidation: true);
            }

            if (reminder.DueTime.Length > 0)
            {
                json.WriteString("dueTime", reminder.DueTime);
            }

            if (reminder.When.Every is { } every)
            {
                json.WriteString("period", every.ToEvery());
            }

            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>A value's own bytes; null: there is none, not even JSON's null.</summary>
    public static byte[]? Raw(JsonElement value) => value.ValueKind == JsonValueKind.Undefined ? null : JsonMarshal.GetRawUtf8Value(value).ToArray();
}

/// <summary>One operation of a state transaction.</summary>
internal sealed record ActorOperation(string? Operation, ActorOperationRequest? Request)
{
    public StateWrite ToWrite()
    {
        if (Operation is not ("upsert" or "delete"))
        {
            throw ActorState.NotSupported(Operation);
        }

        if (Request is not { } request)
        {
            throw ActorFaults.StateSave("request data is empty");
        }

        var (ttl, fault) = StateOptions.Ttl(request.Metadata?.GetValueOrDefault(StateOptions.TtlField));
        return new StateWrite(request.Key ?? "", Operation == "delete" ? null : Value(request))
        {
            Json = true,
            ETag = request.ETag is { Length: > 0 } etag ? etag : null,
            TtlSeconds = ttl,
            Fault = fault,
        };
    }

    /// <summary>A value that is missing is null.</summary>
    private static ReadOnlyMemory<byte>? Value(ActorOperationRequest request) => ActorJson.Raw(request.Value) ?? "null"u8.ToArray();
}

internal sealed record ActorOperationRequest(string? Key, JsonElement Value, string? ETag, Dictionary<string, string>? Metadata);

/// <summary>When a timer or reminder fires, and with what.</summary>
internal sealed record ScheduleBody(string? DueTime, string? Period, string? Ttl, string? Callback, JsonElement Data, bool? Overwrite)
{
    public ActorSchedule ToSchedule() => new(DueTime ?? "", Period ?? "", Ttl ?? "", Callback ?? "", ActorJson.Raw(Data));
}
