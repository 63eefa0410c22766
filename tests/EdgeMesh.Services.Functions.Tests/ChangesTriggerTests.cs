using System.Text.Json.Nodes;
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
