using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Dapr.Client;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Functions.Triggers.Topics;
using EdgeMesh.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>What becomes of a message that the sidecar brought.</summary>
public sealed class TopicDeliveryTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Take_Message_CallsTheFunctionWithTheData()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(TriggerModules.Stderr, FunctionsSite.Manifest("watch", triggers: "  - topic: { name: vitals }"));

        Assert.True(await TakeAsync(site, """{"pulse":72}""", "m1"));
        var call = (await site.CallsAsync("watch", 1))[0]!;
        Assert.Equal(("pubsub", "Completed", """{"pulse":72}""", "vitals/press/m1"), ((string?)call["trigger"], (string?)call["outcome"], (string?)call["log"], (string?)call["idempotencyKey"]));
    }

    [Fact]
    public async Task Take_MessageThatPoisons_IsParkedAtOnceAndEndsInTheDeadLetterTopic()
    {
        var buried = new TaskCompletionSource<string>();
        await using var site = await FunctionsSite.StartAsync(apps: [Undertaker(buried)]);
        await site.DeployAsync(TriggerModules.FailsOn('!'), FunctionsSite.Manifest("picky", triggers: "  - topic: { name: vitals, retries: 1, deadLetter: graves }"));

        // Both are done with as far as the broker is concerned: nothing waits for the one that fails.
        Assert.True(await TakeAsync(site, "\"!\"", "bad"));
        Assert.True(await TakeAsync(site, "\"fine\"", "good"));
        var calls = await site.CallsAsync("picky", 3);
        Assert.Equal(["vitals/press/bad", "vitals/press/good", "vitals/press/bad"], calls.Select(c => (string?)c!["idempotencyKey"]));
        Assert.Equal(["Failed", "Completed", "Failed"], calls.Select(c => (string?)c!["outcome"]));
        Assert.Contains("!", await buried.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation), StringComparison.Ordinal);
    }

    /// <summary>An id is one message's alone only among those of its source.</summary>
    [Fact]
    public async Task Take_TwoMessagesOfOneIdFromTwoSourcesThatFail_AreBothTriedAgain()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(TriggerModules.FailsOn('!'), FunctionsSite.Manifest("picky", triggers: "  - topic: { name: vitals, retries: 50 }"));
        var topics = await site.TopicsAsync("vitals");
        foreach (var source in (string[])["urn:monitor/1", "urn:monitor/2"])
        {
            Assert.True(await topics.TakeAsync(Message("\"!\"", "5", source), Cancellation));
        }

        await site.DeployAsync(TriggerModules.Stderr, FunctionsSite.Manifest("picky", "1.0.1", "  - topic: { name: vitals, retries: 50 }"), 2);

        string?[] keys = [];
        await UntilAsync(async () => (keys = [.. (await site.LogsAsync("picky")).AsArray().Where(c => (string?)c!["outcome"] == "Completed").Select(c => (string?)c!["idempotencyKey"])]).Length >= 2);
        Assert.Equal(["vitals/urn%3Amonitor%2F1/5", "vitals/urn%3Amonitor%2F2/5"], keys.Order());
    }

    /// <summary>What is left to do is to send it there: the function has had its chances.</summary>
    [Fact]
    public async Task Take_MessageWhoseDeadLetterTopicIsAway_CallsTheFunctionNoMoreThanItMay()
    {
        var (buried, clock) = (new TaskCompletionSource<string>(), new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)));
        await using var site = await FunctionsSite.StartAsync(apps: [Undertaker(buried)], clock: clock);
        await site.DeployAsync(TriggerModules.FailsOn('!'), FunctionsSite.Manifest("picky", triggers: "  - topic: { name: vitals, retries: 1, deadLetter: graves }"));
        using var away = site.Host.Faults.Fail(c => c is { Kind: CallKind.Publish, Name: "graves" }, times: 3);

        Assert.True(await TakeAsync(site, "\"!\"", "bad"));
        await clock.AdvanceUntilAsync(() => buried.Task.IsCompleted);

        Assert.Equal(2, (await site.CallsAsync("picky", 2)).Count);
    }

    /// <summary>Like one that the function fails at: it does not come again and again.</summary>
    [Fact]
    public async Task Take_MessageWhoseHostFails_IsParkedAndEndsInTheDeadLetterTopic()
    {
        var buried = new TaskCompletionSource<string>();
        await using var site = await FunctionsSite.StartAsync(apps: [Undertaker(buried)]);
        await site.DeployAsync(
            HostModules.Invoke("GET gate/pass"),
            FunctionsSite.Manifest("forsaken", triggers: "  - topic: { name: vitals, retries: 1, deadLetter: graves }", more: "permissions: { invoke: [\"GET gate/pass\"] }"));
        site.Host.Services(FunctionsApp.AppId).GetRequiredService<AppClients>().Dispose();

        Assert.True(await TakeAsync(site, "\"!\"", "bad"));
        Assert.Equal(["HostFailed", "HostFailed"], (await site.CallsAsync("forsaken", 2)).Select(c => (string?)c!["outcome"]));
        Assert.Contains("!", await buried.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Take_MessageThatFailed_IsTriedAgainAfterARestart()
    {
        var data = Directory.CreateTempSubdirectory("edgemesh-functions-").FullName;
        try
        {
            await using var site = await FunctionsSite.StartAsync(data, resources: SqliteComponents.Text);
            await site.DeployAsync(TriggerModules.FailsOn('!'), FunctionsSite.Manifest("picky", triggers: "  - topic: { name: vitals }"));
            Assert.True(await TakeAsync(site, "\"!\"", "bad"));
            await site.Host.StopAppAsync(FunctionsApp.AppId);
            await site.Host.StartAppAsync(FunctionsApp.AppId, Cancellation);
            await site.RunsAsync("picky", 1);

            Assert.Equal("vitals/press/bad", (string?)(await site.CallsAsync("picky", 1))[0]!["idempotencyKey"]);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task Take_MessageThatFailed_IsTriedWithAVersionThatHttpAloneCalls()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(TriggerModules.FailsOn('!'), FunctionsSite.Manifest("picky", triggers: "  - topic: { name: vitals }"));
        Assert.True(await TakeAsync(site, "\"!\"", "bad"));

        await site.DeployAsync(TriggerModules.Stderr, FunctionsSite.Manifest("picky", "1.0.1"), generation: 2);

        var taken = await CompletedAsync(site, "picky");
        Assert.Equal(("1.0.1", "vitals/press/bad", "\"!\""), ((string?)taken["version"], (string?)taken["idempotencyKey"], (string?)taken["log"]));
    }

    /// <summary>Stores forget them after a month.</summary>
    [Fact]
    public async Task Take_MessageThatFailedAndWhoseDataAreGone_IsGivenUpAndNeverCalledWithNothing()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(TriggerModules.FailsOn('!'), FunctionsSite.Manifest("picky", triggers: "  - topic: { name: vitals, retries: 50 }"));
        Assert.True(await TakeAsync(site, "\"!\"", "bad"));
        var (dapr, row) = (site.Host.Services(FunctionsApp.AppId).GetRequiredService<DaprClient>(), $"{FunctionsSite.Site}/functions/parked/picky");
        await dapr.DeleteStateAsync("bodies", $"{row}/{Convert.ToHexStringLower(SHA256.HashData("vitals/press/bad"u8).AsSpan(0, 16))}", cancellationToken: Cancellation);

        await UntilAsync(async () => (await site.Parked("picky").LoadAsync(Cancellation)).Calls.Count == 0);

        Assert.All(await site.CallsAsync("picky", 1), c => Assert.Equal("Failed", (string?)c!["outcome"]));
    }

    [Fact]
    public async Task Remove_OfAFunctionWithParkedCalls_DeletesThemForWhoHasItsNameNext()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(TriggerModules.FailsOn('!'), FunctionsSite.Manifest("picky", triggers: "  - topic: { name: vitals, retries: 50 }"));
        Assert.True(await TakeAsync(site, "\"!\"", "bad"));
        Assert.Equal((true, ""), await site.PutAsync(Deployment.Sign("picky", 2, null, CanaryPlan.None, FunctionsSite.Ops)));

        var (dapr, row) = (site.Host.Services(FunctionsApp.AppId).GetRequiredService<DaprClient>(), $"{FunctionsSite.Site}/functions/parked/picky");
        await UntilAsync(async () => (await dapr.GetByteStateAsync("heads", row, cancellationToken: Cancellation)).IsEmpty);

        Assert.True((await dapr.GetByteStateAsync("heads", $"{row}/0", cancellationToken: Cancellation)).IsEmpty);
        var body = await dapr.GetByteStateAsync("bodies", $"{row}/{Convert.ToHexStringLower(SHA256.HashData("vitals/press/bad"u8).AsSpan(0, 16))}", cancellationToken: Cancellation);
        Assert.True(body.IsEmpty);
        await UntilAsync(async () => (await site.LogsAsync("picky")).AsArray().Count == 0);
    }

    /// <summary>Nobody knows yet whether what other sites try is any good; and a site that is left out may come back.</summary>
    [Fact]
    public async Task Canary_ForOtherSitesAlone_KeepsTheTopicHereAndTheParkedCallsEvenWhenItIsOver()
    {
        const string Elsewhere = "targets: { labels: { kind: shop } }", Topic = "  - topic: { name: vitals, retries: 50 }";
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(TriggerModules.FailsOn('!'), FunctionsSite.Manifest("picky", triggers: Topic));
        Assert.True(await TakeAsync(site, "\"!\"", "bad"));

        await site.DeployAsync(FunctionsSite.Says("new"), FunctionsSite.Manifest("picky", "1.0.1", more: Elsewhere), 2, new CanaryPlan(50, TimeSpan.FromMinutes(1), 5));
        Assert.Equal(("Waiting", "1.0.0"), ((string?)(await site.AtAsync("picky"))["phase"], (string?)(await site.AtAsync("picky"))["version"]));
        Assert.True(await TakeAsync(site, "\"fine\"", "good"));
        Assert.Equal("vitals/press/good", (string?)(await CompletedAsync(site, "picky"))["idempotencyKey"]);

        var topics = await site.TopicsAsync("vitals");
        await site.DeployAsync(FunctionsSite.Says("new"), FunctionsSite.Manifest("picky", "1.0.2", more: Elsewhere), 3);
        await UntilAsync(() => Task.FromResult(topics.Wanting("vitals") == 0));
        var (dapr, row) = (site.Host.Services(FunctionsApp.AppId).GetRequiredService<DaprClient>(), $"{FunctionsSite.Site}/functions/parked/picky");
        Assert.Equal("vitals/press/bad", Assert.Single((await site.Parked("picky").LoadAsync(Cancellation)).Calls).IdempotencyKey);

        Assert.Equal((true, ""), await site.PutAsync(Deployment.Sign("picky", 4, null, CanaryPlan.None, FunctionsSite.Ops)));
        await UntilAsync(async () => (await dapr.GetByteStateAsync("heads", row, cancellationToken: Cancellation)).IsEmpty);
    }

    [Fact]
    public async Task Take_Batch_ComesAsArraysOfAtMostSoMany()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(TriggerModules.Stderr, FunctionsSite.Manifest("many", triggers: "  - topic: { name: vitals, batch: 3 }"));
        var topics = await site.TopicsAsync("vitals");
        var taken = await Task.WhenAll(Enumerable.Range(0, 7).Select(i => topics.TakeAsync(Message($"{i}", $"m{i}"), Cancellation)));

        Assert.All(taken, Assert.True);
        var arrays = (await site.LogsAsync("many")).AsArray().Select(c => JsonNode.Parse((string)c!["log"]!)!.AsArray()).ToArray();
        Assert.All(arrays, a => Assert.InRange(a.Count, 1, 3));
        Assert.Contains(arrays, a => a.Count == 3);
        Assert.Equal(Enumerable.Range(0, 7), arrays.SelectMany(a => a).Select(n => (int)n!).Order());
    }

    private static async Task<JsonNode> CompletedAsync(FunctionsSite site, string function)
    {
        JsonNode? call = null;
        await UntilAsync(async () => (call = (await site.LogsAsync(function)).AsArray().FirstOrDefault(c => (string?)c!["outcome"] == "Completed")) is not null);
        return call!;
    }

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        for (var looks = 0; !await isSo(); looks++)
        {
            Assert.True(looks < 3_000, "it does not come to that");
            await Task.Delay(10, Cancellation);
        }
    }

    private static async Task<bool> TakeAsync(FunctionsSite site, string json, string id) => await (await site.TopicsAsync("vitals")).TakeAsync(Message(json, id), Cancellation);

    private static TopicMessage Message(string json, string id, string source = "press") => new(source, id, "vitals", "application/json", Encoding.UTF8.GetBytes(json));

    /// <summary>Takes what is sent to the topic of dead letters.</summary>
    private static TestApp Undertaker(TaskCompletionSource<string> buried) => new("undertaker", builder =>
    {
        var web = builder.Build();
        web.MapGet("/dapr/subscribe", () => Results.Json(new[] { new { pubsubname = "events", topic = "graves", route = "/graves" } }));
        web.MapPost("/graves", async (HttpContext context) =>
        {
            using var reader = new StreamReader(context.Request.Body);
            buried.TrySetResult(await reader.ReadToEndAsync(context.RequestAborted));
        });
        return web;
    });
}
