using System.Security.Claims;
using EdgeMesh.Hosting;
using Microsoft.AspNetCore.Components.Authorization;

namespace EdgeMesh.Services.Monitor.Console.Access;

/// <summary>Who looks at a page, and what they may. The same in a request and in the live connection that follows it, which has no request:
/// both begin with the caller that the gateway signed.</summary>
internal sealed class ConsoleUser(AuthenticationStateProvider states)
{
    private const string Scheme = "edgemesh";
    private const string Role = "roles";
    private const string Subject = "sub";

    private static readonly Dictionary<string, ConsoleRight[]> Roles = new(StringComparer.Ordinal)
    {
        ["admin"] = [ConsoleRight.Watch, ConsoleRight.Operate, ConsoleRight.Audit],
        ["operator"] = [ConsoleRight.Watch, ConsoleRight.Operate],
        ["auditor"] = [ConsoleRight.Watch, ConsoleRight.Audit],
    };

    /// <summary>The caller in the form in which live connections keep it.</summary>
    public static ClaimsPrincipal Of(Caller caller) => caller is { Kind: CallerKind.User, ForwardedBy: null }
        ? new(new ClaimsIdentity([new(Subject, caller.Subject), .. caller.Roles.Select(r => new Claim(Role, r))], Scheme, Subject, Role))
        : new();

    public static bool May(ClaimsPrincipal user, ConsoleRight right) => user.Identity is { IsAuthenticated: true }
        && (right == ConsoleRight.SignedIn || user.FindAll(Role).Any(r => Roles.TryGetValue(r.Value, out var rights) && rights.Contains(right)));

    /// <summary>The subject of the token; null: nobody is signed in.</summary>
    public async Task<string?> NameAsync() => (await UserAsync()).FindFirst(Subject)?.Value;

    public async Task<IReadOnlyList<string>> RolesAsync() => [.. (await UserAsync()).FindAll(Role).Select(r => r.Value)];

    public async Task<bool> MayAsync(ConsoleRight right) => May(await UserAsync(), right);

    private async Task<ClaimsPrincipal> UserAsync() => (await states.GetAuthenticationStateAsync()).User;
}
