using System.Diagnostics;
using EdgeMesh.Functions.Sandbox;
using Wasmtime;

namespace EdgeMesh.Functions.Tests;

/// <summary>What a prediction of the next call could gain (docs/decisions/0011-no-predictive-warm-up.md). Figures by hand:
/// <c>-explicit only -method "*ColdStart*"</c>; the calls of a day are made up, what a cold and a warm one take is measured.</summary>
public sealed class ColdStartFigures : SandboxFixture
{
    private const int Functions = 200;
    private const int Loaded = 64;
    private const int Remembered = 16;
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>How long before the call that it expects a prediction loads, and after it gives up.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(5);

    [Fact(Explicit = true)]
    public async Task ColdStart_WithAndWithoutPrediction_PrintsItsTimes()
    {
        var module = Wat.Command("(drop (call $f0 (i32.const 1)))", string.Concat(Enumerable.Range(0, 1_000).Select(i => $"(func $f{i} (param i32) (result i32) (i32.mul (i32.add (local.get 0) (i32.const {i})) (i32.const 3)))")));
        var (cold, warm) = await MeasureAsync(module);
        Print($"a module of {module.Length / 1024} KB: cold {cold:F2} ms, from machine code in a file {Median(Deserialize(module)):F2} ms, warm {warm:F3} ms (medians)");
        foreach (var periodic in (double[])[0.3, 0.9])
        {
            var calls = MakeUp(new Random(1), periodic);
            Print($"{Functions} functions, {periodic:P0} of them called at a period, {calls.Count} calls a day, {Loaded} stay loaded");
            foreach (var (name, predicts, knows) in ((string, bool, bool)[])[("none", false, false), ("prediction", true, false), ("foresight", false, true)])
            {
                var (colds, loads) = Run(calls, predicts, knows);
                Print($"  {name,-10} cold {100.0 * colds / calls.Count:F1} % of calls, {loads} loads, p50 {At(0.5, colds):F3} ms, p95 {At(0.95, colds):F3} ms, p99 {At(0.99, colds):F3} ms");

                double At(double share, int missed) => share * calls.Count < calls.Count - missed ? warm : cold;
            }
        }
    }

    private async Task<(double Cold, double Warm)> MeasureAsync(byte[] module)
    {
        var (cold, warm) = (new List<double>(), new List<double>());
        for (var i = 0; i < 60; i++)
        {
            var began = Stopwatch.GetTimestamp();
            using var compiled = Sandbox.Compile(module).Module!;
            using var function = Sandbox.Add(compiled, new FunctionShare());
            await function.CallAsync(new CallInput(), Cancel);
            cold.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            began = Stopwatch.GetTimestamp();
            await function.CallAsync(new CallInput(), Cancel);
            warm.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        return (Median(cold), Median(warm));
    }

    /// <summary>What loading would take if the machine code of a module that made room were kept.</summary>
    private static List<double> Deserialize(byte[] module)
    {
        using var engine = SandboxEngine.Create(new SandboxOptions());
        var file = Path.GetTempFileName();
        try
        {
            using (var compiled = Module.FromBytes(engine, "module", module))
            {
                File.WriteAllBytes(file, compiled.Serialize());
            }

            var times = new List<double>();
            for (var i = 0; i < 60; i++)
            {
                var began = Stopwatch.GetTimestamp();
                Module.DeserializeFile(engine, "module", file).Dispose();
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }

            return times;
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);

    /// <summary>Some are called every half minute to every two hours, a little early or late; the others by people: at random, few of them often
    /// and most of them rarely.</summary>
    private static List<(TimeSpan At, int Function)> MakeUp(Random random, double periodic)
    {
        var calls = new List<(TimeSpan, int)>();
        for (var function = 0; function < Functions; function++)
        {
            var isPeriodic = random.NextDouble() < periodic;
            var mean = isPeriodic ? TimeSpan.FromSeconds(30 * Math.Pow(240, random.NextDouble())) : TimeSpan.FromSeconds(10) * (function + 1);
            for (var at = mean * random.NextDouble(); at < Day;)
            {
                calls.Add((at, function));
                at += isPeriodic ? mean * (0.98 + 0.04 * random.NextDouble()) : mean * -Math.Log(1 - random.NextDouble());
            }
        }

        calls.Sort();
        return calls;
    }

    /// <summary>The cold calls, and how often a module was loaded. Of the loaded ones that was idle longest makes room.</summary>
    private static (int Cold, int Loads) Run(List<(TimeSpan At, int Function)> calls, bool predicts, bool knows)
    {
        var (cold, loads) = (0, 0);
        var (used, seen, expected) = (new Dictionary<int, TimeSpan>(), new Dictionary<int, List<TimeSpan>>(), new PriorityQueue<int, TimeSpan>());
        foreach (var (at, function) in calls)
        {
            while (expected.TryPeek(out var next, out var due) && due <= at)
            {
                expected.Dequeue();
                Load(next, due);
            }

            cold += !knows && !used.ContainsKey(function) ? 1 : 0;
            Load(function, at);
            var times = seen.TryGetValue(function, out var known) ? known : seen[function] = [];
            times.Add(at);
            if (predicts && Expect(times) is { } then)
            {
                expected.Enqueue(function, then - Window);
            }
        }

        return (cold, loads);

        void Load(int function, TimeSpan at)
        {
            loads += used.ContainsKey(function) ? 0 : 1;
            used[function] = at;
            if (used.Count > Loaded)
            {
                used.Remove(used.MinBy(u => u.Value).Key);
            }
        }
    }

    /// <summary>When the next call is to come, by the pauses between the last; null: they tell nothing.</summary>
    private static TimeSpan? Expect(List<TimeSpan> times)
    {
        if (times.Count > Remembered)
        {
            times.RemoveAt(0);
        }

        var pauses = times.Zip(times.Skip(1), (a, b) => (b - a).TotalSeconds).ToArray();
        var mean = pauses.DefaultIfEmpty().Average();
        return pauses.Length >= 4 && Math.Sqrt(pauses.Average(p => (p - mean) * (p - mean))) < mean * 0.2 ? times[^1] + TimeSpan.FromSeconds(mean) : null;
    }

    private static void Print(string line) => TestContext.Current.TestOutputHelper!.WriteLine(line);
}
