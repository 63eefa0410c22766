using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Cli.Up;

namespace EdgeMesh.Cli.Tests.Up;

public sealed class ControlPathTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Remove_DataFolderWithAPathTooLongForASocket_LeavesNothingBehind()
    {
        var path = ControlPath.For(new DataFolder(Path.Combine(folder.Path, new string('x', 100))));
        var made = Path.GetDirectoryName(path)!;
        Assert.True(Directory.Exists(made));

        ControlPath.Remove(path);

        Assert.False(Directory.Exists(made));
    }

    [Fact]
    public void Remove_SocketInTheDataFolder_LeavesTheFolder()
    {
        ControlPath.Remove(ControlPath.For(new DataFolder(folder.Path)));
        Assert.True(Directory.Exists(folder.Path));
    }
}
