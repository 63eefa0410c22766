using EdgeMesh.Functions.Tests;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>Modules that mean harm, deployed beside one that does not: each is contained, and the good one answers as if they were not there.</summary>
public sealed class AttackTests
{
    private const string Tight = "limits: { fuel: 20000000, time: 2s, memory: 2MiB, output: 64KiB }";

    public static TheoryData<string, int, string> Attacks { get; } = new()
    {
        { "endless loop", 504, "fuel" },
        { "output bomb", 502, "OutputTooLarge" },
        { "memory bomb", 502, "Failed" },
        { "deep recursion", 502, "StackOverflow" },
        { "wild pointers", 200, "" },
        { "trap", 502, "Trapped" },
    };

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task Attack_Called_EndsInAClearAnswerAndTheSiteGoesOn(string attack, int status, string says)
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(Module(attack), FunctionsSite.Manifest("evil", more: Tight));
        await site.DeployAsync(Wat.Echo, FunctionsSite.Manifest("good"));

        var (given, body) = await site.CallAsync("evil");
        Assert.Equal(status, given);
        Assert.Contains(says, body, StringComparison.OrdinalIgnoreCase);
        Assert.Equal((200, "still here"), await site.CallAsync("good", "still here"));
    }

    [Fact]
    public async Task Attacks_AllAtOnce_LeaveTheGoodFunctionAnswering()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(Wat.Echo, FunctionsSite.Manifest("good", more: "weight: 100"));
        string[] attacks = ["endless loop", "output bomb", "memory bomb", "deep recursion", "wild pointers", "trap"];
        foreach (var attack in attacks)
        {
            await site.DeployAsync(Module(attack), FunctionsSite.Manifest(Name(attack), more: $"{Tight}\nconcurrency: 1\nweight: 1"));
        }

        using var over = new CancellationTokenSource();
        var storm = attacks.SelectMany(a => Enumerable.Range(0, 2).Select(async _ =>
        {
            while (!over.IsCancellationRequested)
            {
                Assert.NotEqual(0, (await site.CallAsync(Name(a))).Status);
            }
        })).ToArray();
        // How long it waits for them is the sandbox's own test: here the callers' work is most of what there is to wait for.
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal((200, "x"), await site.CallAsync("good", "x"));
        }

        await over.CancelAsync();
        await Task.WhenAll(storm);
    }

    private static string Name(string attack) => attack.Replace(' ', '-');

    private static byte[] Module(string attack) => attack switch
    {
        "endless loop" => Wat.EndlessLoop,
        "output bomb" => Wat.Command("""
            (i32.store (i32.const 0) (i32.const 0)) (i32.store (i32.const 4) (i32.const 32768))
            (loop $more (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))) (br $more))
            """),
        // Says by its exit code that it did not get what it asked for.
        "memory bomb" => Wat.Command("(loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) (call $exit (i32.const 9))"),
        "deep recursion" => Wat.Command("(call $deep)", "(func $deep (call $deep) (call $deep))"),
        "wild pointers" => Wat.Command("""
            (drop (call $read (i32.const 0) (i32.const -8) (i32.const 1000000) (i32.const -4)))
            (drop (call $write (i32.const 1) (i32.const 2147483640) (i32.const -1) (i32.const 7)))
            (drop (call $state (i32.const -1) (i32.const 2147483647) (i32.const 65535) (i32.const -5)))
            """, imports: """(import "edgemesh_v1" "state_set" (func $state (param i32 i32 i32 i32) (result i32)))"""),
        _ => Wat.Command("unreachable"),
    };
}
