using EdgeMesh.Cli.Clients;
using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Cli.Topology;
using EdgeMesh.Cli.Up;

namespace EdgeMesh.Cli.Demo;

/// <summary>What the steps share: the mesh, its clients, and what earlier steps made.</summary>
internal sealed class DemoMesh(MeshPlace place, string records, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<(string, string), FhirClient> clients = [];
    private DevelopmentIssuer? issuer;

    public MeshPlace Place => place;

    public TimeProvider Clock => clock;

    /// <summary>The folder of bundles that clinic A loads.</summary>
    public string Records => records;

    public string Core => "core";

    public string ClinicA => "clinic-a";

    public string ClinicB => "clinic-b";

    /// <summary>Told of progress inside a long step: done, of, what.</summary>
    public Action<int, int, string> OnProgress { get; set; } = (_, _, _) => { };

    /// <summary>The patient whom the story is about; a step sets it once the records are there.</summary>
    public string PatientId { get; set; } = string.Empty;

    /// <summary>The psychiatric note that the patient's consent excepts.</summary>
    public string NoteId { get; set; } = string.Empty;

    public FhirClient Practitioner(string site) => Client(site, "practitioner", TokenRequest.Practitioner($"dr-{site}", site));

    public FhirClient Auditor(string site) => Client(site, "auditor", new()
    {
        User = $"auditor-{site}", Site = site, TokenRoles = ["auditor"], Scopes = TokenRequest.ScopesOf(["auditor"]),
    });

    public FhirClient Patient(string site) => Client(site, $"patient-{PatientId}", new()
    {
        User = "the-patient", Site = site, TokenRoles = ["patient"], Scopes = TokenRequest.ScopesOf(["patient"]), Patient = PatientId,
    });

    public HttpClient Loader(string site) =>
        SiteClients.Create(place, Site(site), Issue(TokenRequest.Loader(site)), TimeSpan.FromMinutes(2));

    public string Issue(TokenRequest request) =>
        (issuer ??= DevelopmentIssuer.Open(place.Data, clock)).Issue(place.Topology, request);

    public SiteDefinition Site(string name) =>
        place.Topology.FindSite(name) ?? throw new InvalidOperationException($"the story needs a site '{name}' in the topology");

    public async Task<bool> LinkAsync(string action, string a, string b, CancellationToken cancellation) =>
        await ControlClient.AskAsync(place.Data, new("link", action, a, b), cancellation) is { Ok: true };

    public async Task<SiteStatus?> StatusAsync(string site, CancellationToken cancellation) =>
        (await ControlClient.AskAsync(place.Data, new("status"), cancellation))?.Status?.Sites.FirstOrDefault(s => s.Name == site);

    /// <summary>Asks again until the answer pleases or the time is over; the last answer either way.</summary>
    public async Task<T> UntilAsync<T>(Func<Task<T>> ask, Func<T, bool> pleases, TimeSpan limit, CancellationToken cancellation)
    {
        var started = clock.GetTimestamp();
        while (true)
        {
            var answer = await ask();
            if (pleases(answer) || clock.GetElapsedTime(started) > limit)
            {
                return answer;
            }

            await Task.Delay(LookEvery, clock, cancellation);
        }
    }

    public void Dispose()
    {
        foreach (var client in clients.Values)
        {
            client.Dispose();
        }

        issuer?.Dispose();
    }

    private FhirClient Client(string site, string who, TokenRequest request)
    {
        if (!clients.TryGetValue((site, who), out var client))
        {
            clients[(site, who)] = client = new(SiteClients.Create(place, Site(site), Issue(request)));
        }

        return client;
    }
}
