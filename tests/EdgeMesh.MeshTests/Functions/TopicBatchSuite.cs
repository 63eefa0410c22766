using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeMesh.Functions.Tests;
using EdgeMesh.Tests.Servers;

namespace EdgeMesh.MeshTests.Functions;

/// <summary>A function that takes a topic in batches, and whose process is killed with SIGKILL in the middle of them, on either engine.</summary>
/// <param name="engine">embedded, or daprd with RabbitMQ, for it has no durable broker of its own.</param>
public abstract class TopicBatchSuite(string engine)
{
    private const int Messages = 24;
    private const int MostRounds = 5;
    private const string Prefix = "/function/handler/";

    /// <summary>One batch at a time, of about half a second, while the other thread of the sandbox publishes.</summary>
    private const string Slow = "concurrency: 1\nlimits: { fuel: 100000000000, time: 60s }";

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Kill_InTheMiddleOfBatches_EveryMessageIsHandledUnderItsOwnKey()
    {
        await using var rabbit = engine == "daprd" ? await ServerProcess.RabbitMqAsync(TestContext.Current.CancellationToken) : null;
        await using var site = await OneSite.StartAsync(engine, rabbit?.Port);
        await site.DeployAsync(Manifest("handler", "topic: { name: orders, batch: 8 }", $"permissions: {{ state: true }}\n{Slow}"), Handler, 1);
        await site.DeployAsync(Manifest("press", "http: { method: POST, path: /press, open: true }", "permissions: { publish: [orders] }"), Press, 1);
        var taken = new HashSet<int>();
        var wasInTheMiddle = false;
        for (var round = 0; round < MostRounds && !wasInTheMiddle; round++)
        {
            await PublishAsync(site, taken, round);
            await site.KillAsync();
            wasInTheMiddle = Missing(site, taken) > 0;
            await OneSite.UntilAsync(async () => await site.FindAsync("handler") is not null, "the site is back");
        }

        Assert.True(wasInTheMiddle, "no kill came while messages waited: the handler is too fast for this test");
        for (var missing = Missing(site, taken); missing > 0; missing = Missing(site, taken))
        {
            // How long all of them take is the machine's own matter.
            await OneSite.UntilAsync(() => Task.FromResult(Missing(site, taken) < missing), $"one more of {missing} messages that were taken and are not handled");
        }

        var keys = Handled(site).SelectMany(h => h.Numbers.Zip(h.Keys)).Distinct().GroupBy(p => p.First, p => p.Second).ToDictionary(g => g.Key, g => g.ToArray());
        Assert.All(keys.Values, k => Assert.StartsWith("orders/", Assert.Single(k), StringComparison.Ordinal));
        Assert.Equal(keys.Count, keys.Values.Select(k => k[0]).Distinct().Count());
    }

    /// <summary>Publishes by a function; only what it answered for counts.</summary>
    private static async Task PublishAsync(OneSite site, HashSet<int> taken, int round)
    {
        for (var number = round * Messages; number < (round + 1) * Messages; number++)
        {
            using var content = new StringContent($$"""{"n":{{number}}}""");
            if (await site.CallAsync("press/press", content) is (200, _))
            {
                taken.Add(number);
            }
        }
    }

    private static int Missing(OneSite site, HashSet<int> taken) => taken.Except(Handled(site).SelectMany(h => h.Numbers)).Count();

    /// <summary>What the handler has on disk: the batches that it was given, and the keys that came with them.</summary>
    private static IReadOnlyList<(int[] Numbers, string[] Keys)> Handled(OneSite site) => [.. HeadsFile.Read(site, $"%{Prefix}%").Select(row =>
    {
        var batch = row.Key[(row.Key.IndexOf(Prefix, StringComparison.Ordinal) + Prefix.Length)..];
        var keys = row.Value.Split('\0').Single(v => v.StartsWith("EDGEMESH_IDEMPOTENCY_KEYS=", StringComparison.Ordinal))["EDGEMESH_IDEMPOTENCY_KEYS=".Length..];
        return (JsonNode.Parse(batch)!.AsArray().Select(m => (int)m!["n"]!).ToArray(), JsonSerializer.Deserialize<string[]>(keys)!);
    })];

    private static string Manifest(string name, string trigger, string more) => $"name: {name}\nversion: 1.0.0\nmodule: m.wasm\ntriggers:\n  - {trigger}\n{more}\n";

    /// <summary>Works for a while, and then keeps the batch as a key, and its environment as the value.</summary>
    private static byte[] Handler => Wat.Command("""
        (local $i i32)
        (drop (call $sizes (i32.const 32) (i32.const 36)))
        (drop (call $get (i32.const 1024) (i32.const 8192)))
        (i32.store (i32.const 0) (i32.const 4096)) (i32.store (i32.const 4) (i32.const 4096))
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
        (local.set $i (i32.const 150000000))
        (loop $work (br_if $work (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
        (if (i32.lt_s (call $set (i32.const 4096) (i32.load (i32.const 16)) (i32.const 8192) (i32.load (i32.const 36))) (i32.const 0)) (then (call $exit (i32.const 1))))
        """, imports: """
        (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "environ_get" (func $get (param i32 i32) (result i32)))
        (import "edgemesh_v1" "state_set" (func $set (param i32 i32 i32 i32) (result i32)))
        """);

    /// <summary>Publishes stdin.</summary>
    private static byte[] Press => Wat.Command("""
        (i32.store (i32.const 0) (i32.const 4096)) (i32.store (i32.const 4) (i32.const 4096))
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
        (if (i32.lt_s (call $publish (i32.const 1024) (i32.const 6) (i32.const 4096) (i32.load (i32.const 16))) (i32.const 0)) (then (call $exit (i32.const 1))))
        """, "(data (i32.const 1024) \"orders\")", """(import "edgemesh_v1" "publish" (func $publish (param i32 i32 i32 i32) (result i32)))""");
}

public sealed class EmbeddedTopicBatchTests() : TopicBatchSuite("embedded");

[Trait("Category", "Engines")]
public sealed class DaprdTopicBatchTests() : TopicBatchSuite("daprd");
