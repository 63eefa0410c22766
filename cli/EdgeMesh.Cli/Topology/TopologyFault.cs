using System.Collections.Immutable;

namespace EdgeMesh.Cli.Topology;

/// <summary>One thing that is wrong in <c>tye.yaml</c>, where, and how to mend it.</summary>
internal sealed record TopologyFault(string File, int Line, string Key, string Problem, string Mend)
{
    /// <summary>Without line and key where the fault is the file's own.</summary>
    public override string ToString() => Line == 0 ? $"{File}: {Problem}. {Mend}" : $"{File}:{Line}: {Key}: {Problem}. {Mend}";
}

/// <summary>Either the topology or every fault of the file; never both.</summary>
internal sealed record TopologyResult(MeshTopology? Topology, ImmutableArray<TopologyFault> Faults);
