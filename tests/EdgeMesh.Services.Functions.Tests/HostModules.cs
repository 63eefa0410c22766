using EdgeMesh.Functions.Tests;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>Modules that call the host and write its answer, or the negative status as two characters, to stdout.</summary>
internal static class HostModules
{
    private const string Imports = """
        (import "edgemesh_v1" "state_get" (func $state_get (param i32 i32) (result i32)))
        (import "edgemesh_v1" "state_set" (func $state_set (param i32 i32 i32 i32) (result i32)))
        (import "edgemesh_v1" "secret" (func $secret (param i32 i32) (result i32)))
        (import "edgemesh_v1" "setting" (func $setting (param i32 i32) (result i32)))
        (import "edgemesh_v1" "invoke" (func $invoke (param i32 i32 i32 i32) (result i32)))
        (import "edgemesh_v1" "publish" (func $publish (param i32 i32 i32 i32) (result i32)))
        (import "edgemesh_v1" "count" (func $count (param i32 i32 f64) (result i32)))
        (import "edgemesh_v1" "answer" (func $answer (param i32 i32) (result i32)))
        """;

    public static byte[] Get(string key) => Ask("state_get", key);

    public static byte[] Ask(string call, string name) => Module($"(local.set $r (call ${call} (i32.const 1024) (i32.const {name.Length})))", name, "");

    public static byte[] SetAndGet(string key, string value) => Module(
        $"(drop (call $state_set (i32.const 1024) (i32.const {key.Length}) (i32.const 1536) (i32.const {value.Length}))) (local.set $r (call $state_get (i32.const 1024) (i32.const {key.Length})))",
        key, value);

    public static byte[] Invoke(string target) => Module($"(local.set $r (call $invoke (i32.const 1024) (i32.const {target.Length}) (i32.const 0) (i32.const 0)))", target, "");

    /// <param name="name">The counter's name.</param>
    /// <param name="value">As WebAssembly's text has it: also <c>nan</c> and <c>inf</c>.</param>
    public static byte[] Count(string name, string value) => Module($"(local.set $r (call $count (i32.const 1024) (i32.const {name.Length}) (f64.const {value})))", name, "");

    /// <summary>Counts one under each of so many names (at most 256), and answers what came of the last.</summary>
    public static byte[] CountEach(int names) => Module(
        $"""
        (local $i i32)
        (loop $more
          (i32.store8 (i32.const 1024) (i32.add (i32.const 65) (i32.shr_u (local.get $i) (i32.const 4))))
          (i32.store8 (i32.const 1025) (i32.add (i32.const 65) (i32.and (local.get $i) (i32.const 15))))
          (local.set $r (call $count (i32.const 1024) (i32.const 2) (f64.const 1)))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $more (i32.lt_u (local.get $i) (i32.const {names}))))
        """,
        "", "");

    /// <summary>Publishes all of stdin (4,096 bytes at most) to a topic.</summary>
    public static byte[] Publish(string topic) => WithStdin("publish", topic);

    /// <summary>Invokes with all of stdin (4,096 bytes at most) as the body.</summary>
    public static byte[] Send(string target) => WithStdin("invoke", target);

    private static byte[] WithStdin(string call, string name) => Module(
        $"""
        (i32.store (i32.const 0) (i32.const 4096)) (i32.store (i32.const 4) (i32.const 4096))
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
        (local.set $r (call ${call} (i32.const 1024) (i32.const {name.Length}) (i32.const 4096) (i32.load (i32.const 16))))
        """,
        name, "");

    private static byte[] Module(string body, string name, string value) => Wat.Command(
        $"""
        (local $r i32)
        {body}
        (i32.store (i32.const 0) (i32.const 2048))
        (if (i32.lt_s (local.get $r) (i32.const 0))
          (then
            (i32.store8 (i32.const 2048) (i32.const 45))
            (i32.store8 (i32.const 2049) (i32.sub (i32.const 48) (local.get $r)))
            (i32.store (i32.const 4) (i32.const 2)))
          (else (i32.store (i32.const 4) (call $answer (i32.const 2048) (i32.const 1024)))))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
        """,
        $"(data (i32.const 1024) \"{name}\") (data (i32.const 1536) \"{value}\")", Imports);
}
