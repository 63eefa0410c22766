namespace EdgeMesh.MeshTests.Telemetry;

/// <summary>A WebAssembly module, byte by byte, that writes what it gets to its log and into its answer, and then fails if it is told to.</summary>
internal static class GossipModule
{
    private const byte Unreachable = 0;

    private static readonly byte[] Body =
    [
        0,
        // fd_read(0, vectors at 0, 1 of them, count at 8); drop
        0x41, 0, 0x41, 0, 0x41, 1, 0x41, 8, 0x10, 0, 0x1a,
        // the vector's length becomes the count
        0x41, 4, 0x41, 8, 0x28, 2, 0, 0x36, 2, 0,
        // fd_write(2, …) and fd_write(1, …); drop
        0x41, 2, 0x41, 0, 0x41, 1, 0x41, 12, 0x10, 1, 0x1a,
        0x41, 1, 0x41, 0, 0x41, 1, 0x41, 12, 0x10, 1, 0x1a,
    ];

    public static byte[] Of(bool fails)
    {
        byte[] body = fails ? [.. Body, Unreachable, 0x0b] : [.. Body, 0x0b];
        return
        [
            0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
            .. SayingModule.Section(1, [2, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f, 0x60, 0, 0]),
            .. SayingModule.Section(2, [2, .. Import("fd_read"), .. Import("fd_write")]),
            .. SayingModule.Section(3, [1, 1]),
            .. SayingModule.Section(5, [1, 0, 1]),
            .. SayingModule.Section(7, [2, .. SayingModule.Name("memory"), 2, 0, .. SayingModule.Name("_start"), 0, 2]),
            .. SayingModule.Section(10, [1, (byte)body.Length, .. body]),
            // One vector: 4,096 bytes from 64 on.
            .. SayingModule.Section(11, [1, 0, 0x41, 0, 0x0b, 8, 64, 0, 0, 0, 0, 16, 0, 0]),
        ];
    }

    private static byte[] Import(string name) => [.. SayingModule.Name("wasi_snapshot_preview1"), .. SayingModule.Name(name), 0, 0];
}
