using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Cli.Up;

namespace EdgeMesh.Cli.Tests.Up;

public sealed class ControlServerTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("data")]
    [InlineData("a-path-that-is-so-long-that-no-unix-socket-can-have-it-as-its-name-because-the-limit-is-a-hundred-bytes-or-so")]
    public async Task Ask_RunningServer_GetsItsAnswer(string name)
    {
        var data = new DataFolder(folder.File(name));
        PrivateFiles.CreateFolder(data.Path);
        using var owner = FolderLock.TryTake(data.UpLock);
        await using var server = ControlServer.Start(data, (request, _) => Task.FromResult(new ControlAnswer(false, $"{request.Action} {request.A} {request.B}", "mend")));
        new UpState(1, server.Path, 0, "embedded").Write(data);

        var answer = await ControlClient.AskAsync(data, new("link", "cut", "core", "clinic-a"), Cancellation);

        Assert.Equal("cut core clinic-a", answer?.Problem);
        Assert.Equal("mend", answer?.Mend);
    }

    [Fact]
    public async Task Ask_StateLeftByAKill_IsNobody()
    {
        var data = new DataFolder(folder.File("data"));
        PrivateFiles.CreateFolder(data.Path);
        new UpState(1, ControlPath.For(data), 0, "embedded").Write(data);

        Assert.Null(await ControlClient.AskAsync(data, new("status"), Cancellation));
    }
}
