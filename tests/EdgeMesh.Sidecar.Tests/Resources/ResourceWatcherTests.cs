using System.Threading.Channels;
using EdgeMesh.Sidecar.Resources;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Sidecar.Tests.Resources;

/// <summary>Who is told of changed files.</summary>
public sealed class ResourceWatcherTests : IDisposable
{
    private readonly string _folder = TestSidecar.TemporaryFolder();

    [Fact]
    public async Task Changed_Fails_TheNextChangeIsToldAllTheSame()
    {
        var told = Channel.CreateUnbounded<int>();
        var times = 0;
        await using var watcher = new ResourceWatcher(
            [_folder],
            _ =>
            {
                told.Writer.TryWrite(++times);
                return times == 1 ? throw new IOException("the folder is being swapped") : Task.CompletedTask;
            },
            NullLogger.Instance);
        await File.WriteAllTextAsync(Path.Combine(_folder, "one.yaml"), "a", TestSidecar.Cancellation);
        Assert.Equal(1, await told.Reader.ReadAsync(TestSidecar.Cancellation));
        await File.WriteAllTextAsync(Path.Combine(_folder, "two.yaml"), "b", TestSidecar.Cancellation);
        Assert.Equal(2, await told.Reader.ReadAsync(TestSidecar.Cancellation));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
