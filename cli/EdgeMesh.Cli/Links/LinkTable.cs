using EdgeMesh.Cli.Topology;

namespace EdgeMesh.Cli.Links;

/// <summary>Every link of the mesh, both directions, as <c>link cut</c>, <c>restore</c> and <c>slow</c> command them.</summary>
internal sealed class LinkTable : IAsyncDisposable
{
    private readonly List<(string From, string To, LinkRelay Relay)> relays = [];

    public static LinkTable Start(MeshTopology topology, TimeProvider clock)
    {
        var table = new LinkTable();
        foreach (var link in topology.Links)
        {
            var (a, b) = (topology.FindSite(link.A)!, topology.FindSite(link.B)!);
            table.Add(topology, a, b, clock);
            table.Add(topology, b, a, clock);
        }

        foreach (var (_, _, relay) in table.relays)
        {
            relay.Start();
        }

        return table;
    }

    public IEnumerable<LinkState> States =>
        relays.Where(r => string.CompareOrdinal(r.From, r.To) < 0)
            .Select(r => new LinkState(r.From, r.To, r.Relay.IsCut ? "cut" : r.Relay.Delay > TimeSpan.Zero ? "slow" : "up", (int)r.Relay.Delay.TotalMilliseconds));

    /// <summary>False when no link joins the two.</summary>
    public bool Change(string a, string b, Action<LinkRelay> change)
    {
        var both = relays.Where(r => (r.From == a && r.To == b) || (r.From == b && r.To == a)).ToList();
        both.ForEach(r => change(r.Relay));
        return both.Count > 0;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (_, _, relay) in relays)
        {
            await relay.DisposeAsync();
        }
    }

    private void Add(MeshTopology topology, SiteDefinition from, SiteDefinition to, TimeProvider clock) =>
        relays.Add((from.Name, to.Name, new(topology.RelayPort(from, to), topology.Binding(to, "gateway", "mesh"), clock)));
}

/// <param name="State"><c>up</c>, <c>cut</c> or <c>slow</c>.</param>
internal sealed record LinkState(string A, string B, string State, int DelayMs);
