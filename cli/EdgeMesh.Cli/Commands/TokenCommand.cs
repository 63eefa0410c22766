using System.CommandLine;
using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Cli.Terminal;

namespace EdgeMesh.Cli.Commands;

/// <summary><c>edgemesh token</c>: prints a token of the development issuer, and nothing else.</summary>
internal sealed class TokenCommand : MeshCommand
{
    private readonly Option<string> user = new("--user") { Description = "The subject, such as dr-ada", Required = true };
    private readonly Option<string[]> role = new("--role") { Description = "practitioner, patient, auditor, operator, admin or loader", Required = true };
    private readonly Option<string> site = new("--site") { Description = "The site whose public door takes it", Required = true };
    private readonly Option<string[]> scope = new("--scope") { Description = "SMART v2 scopes; default: what the role needs", AllowMultipleArgumentsPerToken = true };
    private readonly Option<string?> purpose = new("--purpose") { Description = "Purpose of use; default: TREAT" };
    private readonly Option<string?> patient = new("--patient") { Description = "For a patient: the id of the patient's record" };
    private readonly Option<TimeSpan> expires = new("--expires") { Description = "How long it is good, such as 01:00:00", DefaultValueFactory = _ => TokenRequest.UsualLife };

    // What stands on a command line is everybody's on the machine to read.
    private readonly Option<bool> header = new("--header") { Description = "The whole header, for curl -H @-, so that the token stands on no command line" };

    public TokenCommand(MeshOptions options, Screen screen)
        : base("token", "Prints a token of the development issuer; real users come with tokens of your own OIDC issuer",
            "token --user dr-ada --role practitioner --site clinic-a",
            "token --user pat --role patient --patient clinic-a-x1 --site clinic-a --scope patient/*.rs",
            "token --user dr-ada --role practitioner --site core --header | curl --cacert .edgemesh/ca.pem -H @- https://127.0.0.1:7101/fhir/Patient")
    {
        role.AcceptOnlyFromAmong(TokenRequest.Roles);
        Option[] all = [user, role, site, scope, purpose, patient, expires, header];
        foreach (var option in all)
        {
            Add(option);
        }

        SetAction(parse =>
        {
            if (options.Read(parse, screen) is not { } place)
            {
                return ExitCode.Failed;
            }

            if (place.Topology.FindSite(parse.GetRequiredValue(site)) is null)
            {
                return screen.NoSuchSite(parse.GetValue(site), place.Topology);
            }

            if (!File.Exists(place.Data.IssuerKey))
            {
                return screen.Fail($"there is no development issuer in {place.Data.Path} yet.", "Make it with ./edgemesh keys, or let ./edgemesh up do it.");
            }

            var request = Read(parse);
            if (request.Lifetime <= TimeSpan.Zero || request.Lifetime > TokenRequest.LongestLife)
            {
                return screen.Fail($"--expires {request.Lifetime} is not possible.", $"Give a time up to {TokenRequest.LongestLife.TotalHours:0} hours, such as 01:00:00.", ExitCode.WrongUsage);
            }

            var token = DevelopmentIssuer.Open(place.Data, TimeProvider.System).Issue(place.Topology, request);
            screen.Line(parse.GetValue(header) ? $"Authorization: Bearer {token}" : token);
            return ExitCode.Done;
        });
    }

    private TokenRequest Read(ParseResult parse)
    {
        var roles = parse.GetRequiredValue(role);
        return new()
        {
            User = parse.GetRequiredValue(user),
            Site = parse.GetRequiredValue(site),
            TokenRoles = [.. roles],
            Scopes = parse.GetValue(scope) is { Length: > 0 } scopes ? [.. scopes] : TokenRequest.ScopesOf(roles),
            Purpose = parse.GetValue(purpose) ?? "TREAT",
            Patient = parse.GetValue(patient),
            Lifetime = parse.GetValue(expires),
        };
    }
}
