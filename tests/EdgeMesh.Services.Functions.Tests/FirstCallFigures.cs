using System.Diagnostics;
using EdgeMesh.Functions.Tests;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>What kept machine code gains at the first call after a start. Figures by hand: <c>-explicit only -method "*FirstCallFigures*"</c>.</summary>
public sealed class FirstCallFigures
{
    private const int Rounds = 12;

    [Fact(Explicit = true)]
    public async Task FirstCall_AfterAStart_WithAndWithoutKeptMachineCode_PrintsItsTimes()
    {
        var data = Directory.CreateTempSubdirectory("edgemesh-functions-").FullName;
        try
        {
            await using var site = await FunctionsSite.StartAsync(data, resources: SqliteComponents.Text);
            var many = Wat.Command("(drop (call $f0 (i32.const 1)))", string.Concat(Enumerable.Range(0, 1_000).Select(i => $"(func $f{i} (param i32) (result i32) (i32.mul (i32.add (local.get 0) (i32.const {i})) (i32.const 3)))")));
            (string Name, byte[] Module)[] functions = [("small", Wat.Echo), ("many", many)];
            foreach (var (name, module) in functions)
            {
                await site.DeployAsync(module, FunctionsSite.Manifest(name));
            }

            foreach (var (name, module) in functions)
            {
                var times = new Dictionary<bool, List<double>> { [true] = [], [false] = [] };
                for (var round = 0; round < Rounds * 2; round++)
                {
                    times[round % 2 == 0].Add(await FirstCallAsync(site, name, data, isKept: round % 2 == 0));
                }

                // The first round makes the folder.
                var (kept, compiled) = (times[true].Skip(1).Order().ToArray(), times[false].Skip(1).Order().ToArray());
                TestContext.Current.TestOutputHelper!.WriteLine(
                    $"{name}, {module.Length} bytes: first call compiled {compiled[compiled.Length / 2]:F1} ms ({compiled[0]:F1} to {compiled[^1]:F1}), from kept machine code {kept[kept.Length / 2]:F1} ms ({kept[0]:F1} to {kept[^1]:F1})");
            }
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private static async Task<double> FirstCallAsync(FunctionsSite site, string function, string data, bool isKept)
    {
        await site.Host.StopAppAsync(FunctionsApp.AppId);
        var folder = Directory.GetDirectories(data, "compiled", SearchOption.AllDirectories).Single();
        if (!isKept)
        {
            Directory.Delete(folder, recursive: true);
        }

        await site.Host.StartAppAsync(FunctionsApp.AppId, TestContext.Current.CancellationToken);
        await site.RunsAsync(function, 1);
        // The sandbox itself is made at the first call of any function.
        await site.CallAsync(function == "small" ? "many" : "small");
        var began = Stopwatch.GetTimestamp();
        Assert.Equal(200, (await site.CallAsync(function)).Status);
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }
}
