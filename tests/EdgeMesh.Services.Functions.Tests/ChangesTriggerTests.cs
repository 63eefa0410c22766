using System.Text.Json.Nodes;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Replication;
using EdgeMesh.Testing;
using Microsoft.AspNetCore.Builder;

namespace EdgeMesh.Services.Functions.Tests;

public sealed class ChangesTriggerTests
{
    private const int MostLooks = 1_500;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Changes_OfTheFilter_CallTheFunctionFromItsDeploymentOn()
    {
        await using var journal = await Journal.OpenAsync(new JournalName(FunctionsSite.Site, "records", JournalName.Changes), new MemoryJournalStore(), new JournalOptions(), Cancellation);
        await WriteAsync(journal, "Observation", "before", "vital");
        await using var site = await FunctionsSite.StartAsync(apps: [Records(journal)]);
        await site.DeployAsync(TriggerModules.Stderr, FunctionsSite.Manifest("watch", triggers: "  - changes: { collections: [Observation], labels: [vital, lab] }"));

        // When the function's reader has come to the journal's head is its own matter: written until it has seen one.
        var calls = new JsonArray();
        for (var i = 0; calls.Count == 0; i++)
        {
            await WriteAsync(journal, "Observation", $"private-{i}", "psychiatry");
            await WriteAsync(journal, "Patient", $"other-{i}", "vital");
            await WriteAsync(journal, "Observation", $"wanted-{i}", "vital");
            await Task.Delay(20, Cancellation);
            calls = (await site.LogsAsync("watch")).AsArray();
        }

        Assert.All(calls, call =>
        {
            var change = JsonNode.Parse((string)call!["log"]!)!;
            Assert.StartsWith("wanted-", (string)change["id"]!, StringComparison.Ordinal);
            Assert.Equal(("Observation", "vital", FunctionsSite.Site), ((string)change["collection"]!, (string)change["labels"]![0]!, (string)change["owner"]!));
            Assert.Equal($"Observation/{change["id"]}/{change["version"]}", (string)call["idempotencyKey"]!);
        });
    }

    [Fact]
    public async Task Changes_OfAFunctionThatCannotBeLoaded_ComeToTheVersionThatCan()
    {
        const string Trigger = "  - changes: { collections: [Observation] }";
        await using var journal = await Journal.OpenAsync(new JournalName(FunctionsSite.Site, "records", JournalName.Changes), new MemoryJournalStore(), new JournalOptions(), Cancellation);
        await using var site = await FunctionsSite.StartAsync(apps: [Records(journal)]);
        await site.DeployUntriedAsync(FunctionsSite.Malformed, FunctionsSite.Manifest("watch", triggers: Trigger));
        JsonNode? refused;
        for (var i = 0; (refused = (await site.LogsAsync("watch")).AsArray().FirstOrDefault()) is null; i++)
        {
            Assert.True(i < MostLooks, "no call is in the logs");
            await WriteAsync(journal, "Observation", $"early-{i}", "vital");
            await Task.Delay(20, Cancellation);
        }

        Assert.Equal("NotLoaded", (string?)refused["outcome"]);
        await site.DeployAsync(TriggerModules.Stderr, FunctionsSite.Manifest("watch", "1.0.1", Trigger), 2);
        for (var i = 0; !(await site.LogsAsync("watch")).AsArray().Any(c => (string?)c!["outcome"] == "Completed" && (string?)c["idempotencyKey"] == (string?)refused["idempotencyKey"]); i++)
        {
            Assert.True(i < MostLooks, "the change is lost");
            await Task.Delay(20, Cancellation);
        }
    }

    [Fact]
    public async Task Changes_WhileTheModuleCannotBeRead_WaitUntilItCan()
    {
        await using var journal = await Journal.OpenAsync(new JournalName(FunctionsSite.Site, "records", JournalName.Changes), new MemoryJournalStore(), new JournalOptions(), Cancellation);
        await using var site = await FunctionsSite.StartAsync(apps: [Records(journal)]);
        await site.DeployUntriedAsync(TriggerModules.LargeStderr, FunctionsSite.Manifest("watch", triggers: "  - changes: { collections: [Observation] }"));
        await site.RestartAsync("watch", c => c is { Kind: CallKind.StateRead, To: "bodies" });
        JsonNode? waiting;
        for (var i = 0; (waiting = (await site.LogsAsync("watch")).AsArray().FirstOrDefault()) is null; i++)
        {
            Assert.True(i < MostLooks, "no call is in the logs");
            await WriteAsync(journal, "Observation", $"early-{i}", "vital");
            await Task.Delay(20, Cancellation);
        }

        Assert.Equal("Unavailable", (string?)waiting["outcome"]);
        site.Host.Faults.Clear();
        for (var i = 0; !(await site.LogsAsync("watch")).AsArray().Any(c => (string?)c!["outcome"] == "Completed" && (string?)c["idempotencyKey"] == (string?)waiting["idempotencyKey"]); i++)
        {
            Assert.True(i < MostLooks, "the change is lost");
            await Task.Delay(20, Cancellation);
        }
    }

    /// <summary>Written on and on while the function is upgraded, and while the service stops and starts.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Changes_AcrossAnUpgradeOrARestart_ComeAllAndInTheirOrder(bool restarts)
    {
        const string Trigger = "  - changes: { collections: [Observation] }";
        var (gate, data) = (new Gate(isOpen: true), Directory.CreateTempSubdirectory("edgemesh-functions-").FullName);
        try
        {
            await using var journal = await Journal.OpenAsync(new JournalName(FunctionsSite.Site, "records", JournalName.Changes), new MemoryJournalStore(), new JournalOptions(), Cancellation);
            await using var site = await FunctionsSite.StartAsync(data, [Records(journal), gate.App], SqliteComponents.Text);
            await site.DeployAsync(HostModules.Send(Gate.Target), FunctionsSite.Manifest("watch", triggers: Trigger, more: Gate.Grant));
            var written = 0;
            for (; gate.Came.Count == 0; written++)
            {
                Assert.True(written < MostLooks, "no change came");
                await WriteAsync(journal, "Observation", $"{written}", "vital");
                await Task.Delay(20, Cancellation);
            }

            using var over = new CancellationTokenSource();
            var writing = WriteOnAsync(over.Token);
            if (restarts)
            {
                await site.Host.StopAppAsync(FunctionsApp.AppId);
                await site.Host.StartAppAsync(FunctionsApp.AppId, Cancellation);
            }
            else
            {
                await site.DeployAsync(HostModules.Send(Gate.Target), FunctionsSite.Manifest("watch", "1.0.1", Trigger, Gate.Grant), 2);
                await site.DeployAsync(HostModules.Send(Gate.Target), FunctionsSite.Manifest("watch", "1.0.2", "  - changes: { collections: [Observation, Patient] }", Gate.Grant), 3);
            }

            await site.RunsAsync("watch", restarts ? 1 : 3);
            await over.CancelAsync();
            await writing;
            for (var looks = 0; !Ids(gate).Contains(written - 1); looks++)
            {
                Assert.True(looks < MostLooks, $"change {written - 1} is lost");
                await Task.Delay(20, Cancellation);
            }

            var came = Ids(gate).Distinct().ToArray();
            Assert.Equal(Enumerable.Range(came[0], written - came[0]), came);

            async Task WriteOnAsync(CancellationToken end)
            {
                while (!end.IsCancellationRequested)
                {
                    await WriteAsync(journal, "Observation", $"{written++}", "vital");
                    await Task.Delay(5, CancellationToken.None);
                }
            }
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    /// <summary>The one stands at a gate that is closed; it keeps the order also when the other, for whose sake changes are parked, goes meanwhile.</summary>
    [Fact]
    public async Task Changes_ThatOneFunctionIsSlowAt_ComeToTheOtherAllTheSame_AndToItInTheirOrder()
    {
        const string Trigger = "  - changes: { collections: [Observation] }";
        var gate = new Gate();
        await using var journal = await Journal.OpenAsync(new JournalName(FunctionsSite.Site, "records", JournalName.Changes), new MemoryJournalStore(), new JournalOptions(), Cancellation);
        await using var site = await FunctionsSite.StartAsync(apps: [Records(journal), gate.App]);
        await site.DeployAsync(TriggerModules.Stderr, FunctionsSite.Manifest("fast", triggers: Trigger));
        await site.DeployAsync(HostModules.Send(Gate.Target), FunctionsSite.Manifest("slow", triggers: Trigger, more: Gate.Grant));
        for (var i = 0; gate.Came.Count == 0; i++)
        {
            Assert.True(i < MostLooks, "no change came");
            await WriteAsync(journal, "Observation", $"{i}", "vital");
            await Task.Delay(20, Cancellation);
        }

        var before = (await site.LogsAsync("fast")).AsArray().Count;
        await WriteAsync(journal, "Observation", "1001", "vital");
        await WriteAsync(journal, "Observation", "1002", "vital");
        for (var looks = 0; !(await site.LogsAsync("fast")).AsArray().Any(c => ((string?)c!["log"])!.Contains("1002", StringComparison.Ordinal)); looks++)
        {
            Assert.True(looks < MostLooks, $"the fast one waits for the slow one; it had {before} calls");
            await Task.Delay(20, Cancellation);
        }

        Assert.Equal((true, ""), await site.PutAsync(Deployment.Sign("fast", 2, null, CanaryPlan.None, FunctionsSite.Ops)));
        for (var looks = 0; (await site.LogsAsync("fast")).AsArray().Count > 0; looks++)
        {
            Assert.True(looks < MostLooks, "the fast one is not removed");
            await Task.Delay(20, Cancellation);
        }

        await WriteAsync(journal, "Observation", "1003", "vital");
        for (var looks = 0; gate.Came.Count == 1 && !await IsParkedAsync("1003"); looks++)
        {
            Assert.True(looks < MostLooks, "the slow one does not get what comes once it is alone");
            await Task.Delay(20, Cancellation);
        }

        Assert.Single(gate.Came);
        gate.Open();
        for (var looks = 0; !Ids(gate).Contains(1003); looks++)
        {
            Assert.True(looks < MostLooks, "the slow one does not get what was parked for it");
            await Task.Delay(20, Cancellation);
        }

        Assert.Equal(Ids(gate).Order(), Ids(gate));

        async Task<bool> IsParkedAsync(string id) =>
            (await site.Parked("slow").LoadAsync(Cancellation)).Calls.Any(c => c.IdempotencyKey.StartsWith($"Observation/{id}/", StringComparison.Ordinal));
    }

    private static IReadOnlyList<int> Ids(Gate gate) => [.. gate.Came.Select(c => int.Parse((string)JsonNode.Parse(c)!["id"]!, System.Globalization.CultureInfo.InvariantCulture))];

    private static async Task WriteAsync(Journal journal, string collection, string id, string label)
    {
        var change = new Change(new DocumentKey(collection, id), null, "sealed"u8.ToArray()) { Labels = [label] };
        Assert.IsType<CommitResult.Committed>(await journal.CommitAsync(new Commit { Changes = [change] }, Cancellation));
    }

    /// <summary>The part of Records that functions see.</summary>
    private static TestApp Records(Journal journal) => new("records", builder =>
    {
        var directory = new MeshDirectory(FunctionsSite.Site, [new SiteEntry(FunctionsSite.Site, "org", null, default, "", "", true)]);
        var web = builder.Build();
        web.MapFeeds(() => [journal], context => FeedPeer.Of(context, directory));
        return web;
    });
}
