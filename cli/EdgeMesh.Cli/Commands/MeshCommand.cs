using System.CommandLine;

namespace EdgeMesh.Cli.Commands;

/// <summary>A command whose help ends with examples.</summary>
internal abstract class MeshCommand(string name, string description, params string[] examples) : Command(name, description)
{
    public IReadOnlyList<string> Examples => examples;
}
