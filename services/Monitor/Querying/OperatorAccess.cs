using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Monitor.Querying;

/// <summary>For whom telemetry and alerts are: users of this site who operate it, and their programs.</summary>
internal static class OperatorAccess
{
    private const string Role = "operator";
    private const string Scope = "monitor";

    /// <summary>Null: the caller may.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="changes">Whether what is asked keeps others from hearing something: a program that only reads has no say in that.</param>
    public static IResult? Refuse(Caller? caller, bool changes = false) => caller switch
    {
        not { Kind: CallerKind.User, ForwardedBy: null } => Problems.Problem(StatusCodes.Status401Unauthorized, "not-a-user", "Telemetry is shown to users of this site.", "Come through the gateway, with a token."),
        _ when caller.Roles.Contains(Role) || caller.Roles.Contains("admin") || (!changes && caller.Scopes.Contains(Scope)) => null,
        _ when changes => Problems.Problem(StatusCodes.Status403Forbidden, "role-missing", "Silences are for operators.", $"It needs the role {Role} or admin."),
        _ => Problems.Problem(StatusCodes.Status403Forbidden, "role-missing", "Telemetry is for operators.", $"It needs the role {Role} or admin, or the scope {Scope}."),
    };
}
