using System.Text.Json;
using EdgeMesh.MeshTests.Processes;

namespace EdgeMesh.MeshTests;

public sealed class StoryTests
{
    private static readonly string[] Steps =
        ["start", "load", "conditional-create", "stale-update", "denied", "consent", "cut-link", "kill", "tamper"];

    /// <summary>The README's first command: three sites as processes, the whole story, through public doors only.</summary>
    [Fact]
    public async Task Demo_GeneratedRecords_EveryStepHolds()
    {
        var result = await EdgeMeshCommand.RunAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken, "demo", "--json");
        var steps = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l.StartsWith('{'))
            .Select(l => JsonDocument.Parse(l).RootElement).ToDictionary(s => s.GetProperty("step").GetString()!, s => s.GetProperty("held").GetBoolean());
        Assert.True(result.ExitCode == 0 && steps.Values.All(held => held) && Steps.All(steps.ContainsKey), result.ToString());
    }
}
