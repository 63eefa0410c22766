using System.Collections.Immutable;

namespace EdgeMesh.Cli.Topology;

/// <summary>One thing that is wrong in <c>tye.yaml</c>, where, and how to mend it.</summary>
internal sealed record TopologyFault(string File, int Line, string Key, string Problem, string Mend)
{
    public override string ToString() => $"{File}:{Line}: {Key}: {Problem}. {Mend}";
}

/// <summary>Either the topology or every fault of the file; never both.</summary>
internal sealed record TopologyResult(MeshTopology? Topology, ImmutableArray<TopologyFault> Faults);
