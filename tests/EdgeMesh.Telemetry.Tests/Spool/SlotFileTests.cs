namespace EdgeMesh.Telemetry.Tests.Spool;

public sealed class SlotFileTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FaultyDisk _disk = new();

    private string Path => System.IO.Path.Combine(_folder.Path, "slots");

    [Fact]
    public void Read_AfterSeveralWrites_IsTheLast()
    {
        Write([1], [2], [3]);

        Assert.Equal(3, Read()[0]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(511)]
    [InlineData(100)]
    public void Read_TheLastWriteIsTorn_IsTheOneBefore(int at)
    {
        Write([1], [2], [3]);
        using (var file = File.OpenHandle(Path, FileMode.Open, FileAccess.ReadWrite))
        {
            // The third write is in the second slot again.
            RandomAccess.Write(file, [0xAA], 512 + at);
        }

        Assert.Equal(2, Read()[0]);
    }

    [Fact]
    public void Write_AfterOneThatFailed_LeavesTheLastThatSucceededUntilItStands()
    {
        using (var file = SlotFile.Open(Path, _disk))
        {
            file.Read();
            file.Write(Long(1));
            _disk.FailsOverwrite = true;
            Assert.Throws<IOException>(() => file.Write(Long(2)));
            // The machine dies while the next is written.
            Assert.Throws<IOException>(() => file.Write(Long(3)));
        }

        Assert.Equal(1, Read()[0]);
    }

    [Fact]
    public void Read_NothingWritten_IsEmpty() => Assert.Empty(Read());

    public void Dispose() => _folder.Dispose();

    private static byte[] Long(byte of) => [.. Enumerable.Repeat(of, 400)];

    private void Write(params byte[][] contents)
    {
        using var file = SlotFile.Open(Path, _disk);
        file.Read();
        Array.ForEach(contents, c => file.Write(c));
    }

    private byte[] Read()
    {
        using var file = SlotFile.Open(Path, _disk);
        return file.Read();
    }
}
