using System.Xml.Linq;

namespace EdgeMesh.RepoTests;

/// <summary>The packages of <c>Directory.Packages.props</c>.</summary>
internal static class CentralVersions
{
    public static IReadOnlyList<string> Of(RepositoryFile props) =>
        [.. XDocument.Parse(props.Text).Descendants().Where(e => e.Name.LocalName == "PackageVersion").Select(e => e.Attribute("Include")!.Value)];

    /// <summary>Packages that every project of a kind gets from <c>Directory.Build.targets</c>.</summary>
    public static IReadOnlyList<string> Implicit(RepositoryFile targets) =>
        [.. XDocument.Parse(targets.Text).Descendants().Where(e => e.Name.LocalName == "PackageReference").Select(e => e.Attribute("Include")!.Value)];
}
