using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Topology;

namespace EdgeMesh.Cli.Up;

/// <summary>A place for a mesh that leaves the developer's own alone: a data folder below the temporary one, and ports that are free.</summary>
internal static class TemporaryMesh
{
    private const int ShiftStep = 1000;

    /// <summary>Null when no block of ports is free.</summary>
    public static MeshPlace? Create(MeshPlace place)
    {
        for (var shift = ShiftStep; ; shift += ShiftStep)
        {
            var moved = place with { Topology = place.Topology with { PortShift = shift } };
            var ports = moved.Ports.ToList();
            if (ports.Max(p => p.Port) >= PortPlan.Limit)
            {
                return null;
            }

            if (TakenPorts.Find(ports).Count == 0)
            {
                return moved with { Data = new(Directory.CreateTempSubdirectory("edgemesh-").FullName) };
            }
        }
    }
}
