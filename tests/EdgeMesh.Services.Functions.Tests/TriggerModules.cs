using EdgeMesh.Functions.Tests;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>Modules for what calls by itself: nobody reads their stdout, so they write to the log.</summary>
internal static class TriggerModules
{
    private const string Copy = """
        (i32.store (i32.const 0) (i32.const 4096)) (i32.store (i32.const 4) (i32.const 4096))
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
        (i32.store (i32.const 4) (i32.load (i32.const 16)))
        (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 20)))
        """;

    /// <summary>Copies stdin (4,096 bytes at most) to the log.</summary>
    public static byte[] Stderr => Wat.Command(Copy);

    /// <summary>The same, too large to lie beside its manifest, which is read at the start: deployed untried, its bytes are read when it is first called.</summary>
    public static byte[] LargeStderr => Wat.Command(Copy, $"(data (i32.const 8192) \"{new string('x', 40_000)}\")");

    /// <summary>Fails when the second byte of stdin is a certain one.</summary>
    public static byte[] FailsOn(char poison) => Wat.Command($"""
        (i32.store (i32.const 0) (i32.const 4096)) (i32.store (i32.const 4) (i32.const 4096))
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
        (if (i32.eq (i32.load8_u (i32.const 4097)) (i32.const {(int)poison})) (then (call $exit (i32.const 1))))
        """);
}
