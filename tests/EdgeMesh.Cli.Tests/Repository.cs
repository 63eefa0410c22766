namespace EdgeMesh.Cli.Tests;

/// <summary>Files of the checkout that the tests compare with.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string Topology => Path.Combine(Root, "tye.yaml");

    private static string Find()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "EdgeMesh.sln")))
        {
            folder = Path.GetDirectoryName(folder.TrimEnd('/')) ?? throw new InvalidOperationException("not inside the checkout");
        }

        return folder;
    }
}
