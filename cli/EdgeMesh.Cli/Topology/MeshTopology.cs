using System.Collections.Immutable;

namespace EdgeMesh.Cli.Topology;

/// <summary>The local mesh as <c>tye.yaml</c> states it: the one list of services, sites, ports and links.</summary>
internal sealed record MeshTopology
{
    public required string File { get; init; }

    public required string Name { get; init; }

    public required ImmutableArray<ServiceDefinition> Services { get; init; }

    public required ImmutableArray<SiteDefinition> Sites { get; init; }

    public required ImmutableArray<LinkDefinition> Links { get; init; }

    /// <summary>The first site's first relay port.</summary>
    public required int RelayPort { get; init; }

    /// <summary>Shifts every port, so that several meshes fit on one machine.</summary>
    public int PortShift { get; init; }

    public string Directory => Path.GetDirectoryName(Path.GetFullPath(File))!;

    public SiteDefinition? FindSite(string name) => Sites.FirstOrDefault(s => s.Name == name);

    public ServiceDefinition Service(string name) => Services.First(s => s.Name == name);

    public bool AreLinked(string a, string b) => Links.Any(l => l.Joins(a, b));
}

internal sealed record ServiceDefinition(
    string Name, string Project, ImmutableArray<BindingDefinition> Bindings, ImmutableArray<KeyValuePair<string, string>> Environment);

/// <param name="Name">Such as <c>http</c>: where the sidecar reaches the app. The gateway also has <c>public</c> and <c>mesh</c>, the monitor <c>otlp-grpc</c> and <c>otlp-http</c>.</param>
internal sealed record BindingDefinition(string Name, string Protocol, int Port);

internal sealed record SiteDefinition(
    string Name,
    string Organization,
    bool IsCore,
    int PortOffset,
    ImmutableArray<string> Services,
    ImmutableSortedDictionary<string, string> Labels);

internal sealed record LinkDefinition(string A, string B)
{
    public bool Joins(string a, string b) => (A == a && B == b) || (A == b && B == a);
}
