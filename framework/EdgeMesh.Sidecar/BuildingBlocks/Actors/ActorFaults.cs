using Grpc.Core;

namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>What goes wrong with actors, in daprd's words.</summary>
internal static class ActorFaults
{
    public static DaprFault Invoke(string reason) => new("ERR_ACTOR_INVOKE_METHOD", $"error invoke actor method: {reason}", 500, StatusCode.Internal);

    public static DaprFault Unknown(string method) => Invoke($"actor method not found: {method}");

    public static DaprFault Refused(string answer) => Invoke($"error from actor service: {answer}");

    public static DaprFault NoAddress(ActorAddress actor) => new(
        "ERR_ACTOR_INVOKE_METHOD",
        $"error invoke actor method: failed to lookup actor: api error: code = FailedPrecondition desc = did not find address for actor '{actor.Type}/{actor.Id}'",
        500,
        StatusCode.FailedPrecondition);

    /// <summary>The app is away. A reminder keeps for later what fails so.</summary>
    public static DaprFault Unreachable(string reason) => new("ERR_ACTOR_INVOKE_METHOD", $"error invoke actor method: error from actor service: {reason}", 500, StatusCode.Unavailable);

    public static bool IsAway(DaprFault fault) => fault.GrpcStatus is StatusCode.Unavailable or StatusCode.FailedPrecondition;

    public static DaprFault StackDepth() => new("ERR_ACTOR_STACK_DEPTH", "maximum stack depth exceeded", 500, StatusCode.ResourceExhausted);

    /// <summary>daprd queues without end; this engine says when to come back.</summary>
    public static DaprFault Busy(string what) => new("ERR_ACTOR_INVOKE_METHOD", $"error invoke actor method: {what}. Try again later.", 429, StatusCode.ResourceExhausted);

    public static DaprFault InstanceMissing() => new("ERR_ACTOR_INSTANCE_MISSING", "actor instance is missing", 400, StatusCode.Internal);

    public static DaprFault StateGet(string reason) => new("ERR_ACTOR_STATE_GET", $"error getting actor state: {reason}", 500, StatusCode.Internal);

    public static DaprFault StateSave(string reason, StatusCode status = StatusCode.Internal) =>
        new("ERR_ACTOR_STATE_TRANSACTION_SAVE", $"error saving actor transaction state: {reason}", 500, status);

    public static DaprFault Timer(string reason) => new("ERR_ACTOR_TIMER_CREATE", $"error creating actor timer: {reason}", 500, StatusCode.Internal);

    public static DaprFault Reminder(string reason) => new("ERR_ACTOR_REMINDER_CREATE", $"error creating actor reminder: {reason}", 500, StatusCode.Internal);

    public static DaprFault ReminderExists(string name) => new("ERR_ACTOR_REMINDER_ALREADY_EXISTS", $"actor reminder already exists: {name}", 409, StatusCode.AlreadyExists);

    public static DaprFault ReminderNotFound(string name) => new("ERR_ACTOR_REMINDER_NOT_FOUND", $"actor reminder not found: {name}", 404, StatusCode.NotFound);

    public static DaprFault NotHosted() =>
        new("ERR_ACTOR_REMINDER_NON_HOSTED", "operations on actor reminders are only possible on hosted actor types", 403, StatusCode.PermissionDenied);
}
