namespace EdgeMesh.MeshTests.Processes;

/// <summary>A copy of one of the house's folders of components, with the addresses of a test's own servers.</summary>
internal sealed class ComponentFolder : IDisposable
{
    private ComponentFolder(string path) => Path = path;

    public string Path { get; }

    public static ComponentFolder Copy(string environment, params (string Address, string Own)[] addresses)
    {
        var folder = new ComponentFolder(Directory.CreateTempSubdirectory("edgemesh-components-").FullName);
        foreach (var file in Directory.EnumerateFiles(System.IO.Path.Combine(Repository.Root, "components", environment), "*.yaml"))
        {
            folder.Write(System.IO.Path.GetFileName(file), addresses.Aggregate(File.ReadAllText(file), (text, a) => text.Replace(a.Address, a.Own, StringComparison.Ordinal)));
        }

        return folder;
    }

    public void Write(string name, string yaml) => File.WriteAllText(System.IO.Path.Combine(Path, name), yaml);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
