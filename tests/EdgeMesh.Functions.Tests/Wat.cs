using Wasmtime;

namespace EdgeMesh.Functions.Tests;

/// <summary>Modules written as text, so that a test shows what it runs.</summary>
internal static class Wat
{
    /// <summary>Copies stdin to stdout, 4,096 bytes at a time.</summary>
    public static byte[] Echo => Command("""
        (loop $more
          (i32.store (i32.const 0) (i32.const 4096))
          (i32.store (i32.const 4) (i32.const 4096))
          (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
          (i32.store (i32.const 4) (i32.load (i32.const 16)))
          (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20)))
          (br_if $more (i32.load (i32.const 16))))
        """);

    public static byte[] EndlessLoop => Command("(loop $again (br $again))");

    /// <summary>A command with the streams at hand and one page of memory.</summary>
    public static byte[] Command(string body, string declarations = "", string imports = "", string memory = "1") => Bytes($$"""
        (module
          (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          {{imports}}
          (memory (export "memory") {{memory}})
          {{declarations}}
          (func (export "_start") {{body}}))
        """);

    public static byte[] Bytes(string text) => Module.ConvertText(text);
}
