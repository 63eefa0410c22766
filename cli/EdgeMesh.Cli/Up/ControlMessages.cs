using EdgeMesh.Cli.Links;

namespace EdgeMesh.Cli.Up;

/// <summary>One request to a running <c>up</c>: a line of JSON on its control socket.</summary>
/// <param name="Command"><c>status</c>, <c>down</c> or <c>link</c>.</param>
/// <param name="Action">For a link: <c>cut</c>, <c>restore</c> or <c>slow</c>.</param>
internal sealed record ControlRequest(string Command, string? Action = null, string? A = null, string? B = null, int DelayMs = 0);

/// <summary>The answer, also one line.</summary>
internal sealed record ControlAnswer(bool Ok, string? Problem = null, string? Mend = null, MeshStatus? Status = null);

/// <summary>The mesh as <c>status --json</c> prints it.</summary>
internal sealed record MeshStatus(IReadOnlyList<SiteStatus> Sites, IReadOnlyList<LinkState> Links);

/// <param name="State"><c>ready</c>, <c>starting</c>, <c>restarting</c>, <c>failed</c> (can't start as things are) or <c>down</c>.</param>
internal sealed record SiteStatus(string Name, string State, string Gateway, int? Pid, int Restarts, IReadOnlyList<ServiceStatus> Services);

/// <param name="WaitingFor">What a service that is not ready says in its <c>/readyz</c>.</param>
internal sealed record ServiceStatus(string Name, string Url, bool Ready, IReadOnlyList<string>? WaitingFor = null);
