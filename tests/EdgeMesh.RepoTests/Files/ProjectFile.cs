using System.Xml.Linq;

namespace EdgeMesh.RepoTests;

/// <summary>The part of the house that a project lies in.</summary>
internal enum Layer
{
    Cli,
    Services,
    Framework,
    Samples,
    LoadTests,
    Tests,
    Elsewhere,
}

/// <summary>What a project file says of its relations.</summary>
/// <param name="Path">Below the root.</param>
/// <param name="Name">The file's name without its ending.</param>
/// <param name="Projects">Names of the projects that it references.</param>
/// <param name="Packages">Names of the packages that it references.</param>
/// <param name="Versioned">Packages whose version stands here and not in the central file.</param>
internal sealed record ProjectFile(string Path, string Name, IReadOnlyList<string> Projects, IReadOnlyList<string> Packages, IReadOnlyList<string> Versioned)
{
    public Layer Layer => Path.Split('/')[0] switch
    {
        "cli" => Layer.Cli,
        "services" => Layer.Services,
        "framework" => Layer.Framework,
        "samples" => Layer.Samples,
        "loadtests" => Layer.LoadTests,
        "tests" => Layer.Tests,
        _ => Layer.Elsewhere,
    };

    public bool IsTest => Layer is Layer.Tests or Layer.LoadTests;

    public static ProjectFile Parse(RepositoryFile file)
    {
        var references = XDocument.Parse(file.Text).Descendants().Where(e => e.Attribute("Include") is not null).ToArray();
        var packages = references.Where(e => e.Name.LocalName == "PackageReference").ToArray();
        return new ProjectFile(
            file.Path,
            Stem(file.Path),
            [.. references.Where(e => e.Name.LocalName == "ProjectReference").Select(e => Stem(e.Attribute("Include")!.Value))],
            [.. packages.Select(Name)],
            [.. packages.Where(e => e.Attributes().Any(a => a.Name.LocalName.StartsWith("Version", StringComparison.Ordinal)) || e.Elements().Any(c => c.Name.LocalName == "Version")).Select(Name)]);

        static string Name(XElement package) => package.Attribute("Include")!.Value;
    }

    private static string Stem(string path) => System.IO.Path.GetFileNameWithoutExtension(path.Replace('\\', '/'));
}
