using Microsoft.Extensions.Configuration;

namespace EdgeMesh.Hosting.Tests;

public sealed class SettingsReaderTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgemesh-test-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Read_ManyFaults_TellsAllOfThemWithTheirKeys()
    {
        var error = Assert.Throws<InvalidOperationException>(() => Read("Notes!", new()
        {
            ["EdgeMesh:Site"] = "Clinic A",
            ["EdgeMesh:Directory"] = Path.Combine(_folder.FullName, "missing.json"),
            ["EdgeMesh:BodyLimit"] = "4MB",
            ["EdgeMesh:StopSeconds"] = "-1",
            ["DAPR_HTTP_ENDPOINT"] = "localhost:3500",
            ["DAPR_GRPC_PORT"] = "70000",
            ["EdgeMesh:Logs"] = "xml",
        }));

        string[] keys = ["EdgeMesh:Site", "AddEdgeMesh(\"Notes!\")", "EdgeMesh:Directory", "EdgeMesh:BodyLimit", "EdgeMesh:StopSeconds", "DAPR_HTTP_ENDPOINT", "DAPR_GRPC_PORT", "EdgeMesh:Logs"];
        Assert.All(keys, key => Assert.Contains($"- {key}", error.Message, StringComparison.Ordinal));
        Assert.Equal(keys.Length + 1, error.Message.Split('\n').Length);
    }

    [Fact]
    public void Read_ADataDirectoryThatIsAFile_IsAFault()
    {
        var file = Path.Combine(_folder.FullName, "file");
        File.WriteAllText(file, "");

        var error = Assert.Throws<InvalidOperationException>(() => Read("notes", new() { ["EdgeMesh:Site"] = "core", ["EdgeMesh:DataDirectory"] = file }));

        Assert.Contains("- EdgeMesh:DataDirectory", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TheDirectoryOfAnotherSite_IsAFault()
    {
        var path = Path.Combine(_folder.FullName, "mesh.json");
        new MeshDirectory("clinic-b", [new SiteEntry("clinic-b", "org-b", null, default, "", "", false)]).Save(path);

        var error = Assert.Throws<InvalidOperationException>(() => Read("notes", new() { ["EdgeMesh:Site"] = "clinic-a", ["EdgeMesh:Directory"] = path }));

        Assert.Contains("is of site 'clinic-b'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OnlyTheSite_TakesDefaults()
    {
        var settings = Read("notes", new() { ["EdgeMesh:Site"] = "core" });

        Assert.Equal(new Uri("http://127.0.0.1:3500"), settings.Sidecar.Http);
        Assert.Equal(new Uri("http://127.0.0.1:50001"), settings.Sidecar.Grpc);
        Assert.Equal(4 * 1024 * 1024, settings.BodyLimit);
        Assert.Null(settings.AppToken);
        Assert.Equal("core", settings.Directory.This.Organization);
    }

    [Fact]
    public void Read_PortsOfDaprRun_AreTheSidecarsEndpoints()
    {
        var settings = Read("notes", new() { ["EdgeMesh:Site"] = "core", ["DAPR_HTTP_PORT"] = "3601", ["DAPR_GRPC_PORT"] = "3602" });

        Assert.Equal(new Uri("http://127.0.0.1:3601"), settings.Sidecar.Http);
        Assert.Equal(new Uri("http://127.0.0.1:3602"), settings.Sidecar.Grpc);
    }

    private EdgeMeshSettings Read(string service, Dictionary<string, string?> settings)
    {
        settings.TryAdd("EdgeMesh:DataDirectory", Path.Combine(_folder.FullName, "data"));
        return SettingsReader.Read(new ConfigurationBuilder().AddInMemoryCollection(settings).Build(), service);
    }
}
