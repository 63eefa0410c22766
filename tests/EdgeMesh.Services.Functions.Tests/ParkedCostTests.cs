using System.Text;
using Dapr.Client;
using EdgeMesh.Functions;
using EdgeMesh.Services.Functions.Running;
using EdgeMesh.Services.Functions.Triggers;
using EdgeMesh.Services.Functions.Triggers.Retries;
using EdgeMesh.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>What parked calls cost the store.</summary>
public sealed class ParkedCostTests
{
    private const string Rows = "/functions/parked/f";
    private static readonly RetryPlan Plan = new(3, null);

    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _clock = new(Noon);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Park_OfManyCalls_WritesEachAloneAndOnceAStep()
    {
        const int Calls = 100;
        await using var site = await FunctionsSite.StartAsync();
        var rows = site.Parked("f");
        var parked = new List<ParkedCall>();
        foreach (var i in Enumerable.Range(0, Calls))
        {
            parked.Add(await AddAsync(rows, $"{i:000}"));
        }

        foreach (var call in parked)
        {
            await rows.ReplaceAsync(call, call with { Attempts = 2 });
        }

        var calls = await site.Parked("f").LoadAsync(Cancellation);
        Assert.Equal(parked.Select(c => (c.IdempotencyKey, 2)), calls.Calls.Select(c => (c.IdempotencyKey, c.Attempts)));
        foreach (var call in calls.Calls.Reverse())
        {
            await rows.ReplaceAsync(call, null);
        }

        Assert.Empty((await site.Parked("f").LoadAsync(Cancellation)).Calls);
        // Beside the calls what tells where they are: as often as their number doubles, and once more when all are gone.
        Assert.InRange(Writes(site).Count, 2 * Calls, (2 * Calls) + 5);
        Assert.InRange(Writes(site).Max(w => w.Data.Length), 1, 500);
        Assert.Equal(2 * Calls, site.Host.Calls.All.Count(c => c.Kind == CallKind.StateDelete));
    }

    [Fact]
    public async Task Load_OfCallsThatAVersionBeforeKeptTogether_HasThemInTheirOrderAndGivesEachItsRow()
    {
        await using var site = await FunctionsSite.StartAsync();
        string[] keys = [.. Enumerable.Range(0, 30).Select(i => $"{i:00}")];
        var dapr = site.Host.Services(FunctionsApp.AppId).GetRequiredService<DaprClient>();
        await dapr.SaveByteStateAsync("heads", $"{FunctionsSite.Site}{Rows}", Encoding.UTF8.GetBytes($$"""{"calls":[{{string.Join(',', keys.Select(Before))}}]}"""), cancellationToken: Cancellation);
        await dapr.SaveByteStateAsync("bodies", $"{FunctionsSite.Site}{Rows}/35135aaa6cc23891b40cb3f378c53a17", "body"u8.ToArray(), cancellationToken: Cancellation);

        // Until each has its row, the head keeps them.
        site.Host.Faults.Fail(c => c is { Kind: CallKind.StateWrite, To: "heads" } && c.Name.EndsWith(Rows, StringComparison.Ordinal));
        await Assert.ThrowsAnyAsync<Exception>(() => site.Parked("f").LoadAsync(Cancellation));
        site.Host.Faults.Clear();
        var rows = site.Parked("f");
        var loaded = (await rows.LoadAsync(Cancellation)).Calls;
        Assert.Equal(keys, loaded.Select(c => c.IdempotencyKey));
        Assert.All(loaded, c => Assert.Equal((TriggerNames.Topic, 1, Noon, 3, null), (c.Trigger, c.Attempts, c.Due, c.Retries, c.Bytes)));
        Assert.Equal("body"u8.ToArray(), (await rows.DataOfAsync(loaded[^1], Cancellation)).ToArray());
        await AddAsync(rows, "new");

        site.Host.Calls.Clear();
        var calls = await site.Parked("f").LoadAsync(Cancellation);
        Assert.Equal([.. keys, "new"], calls.Calls.Select(c => c.IdempotencyKey));
        Assert.Empty(Writes(site));

        static string Before(string key) =>
            $$"""{"idempotencyKey":"{{key}}","trigger":"pubsub","attempts":1,"due":"2026-03-01T12:00:00+00:00","environment":{},"deadLetter":null,"retries":3}""";
    }

    /// <summary>Whoever goes back to it loses what is parked, and nothing else.</summary>
    [Fact]
    public async Task Park_OfACall_LeavesAHeadThatAVersionBeforeTakesForAnEmptyOne()
    {
        await using var site = await FunctionsSite.StartAsync();
        await AddAsync(site.Parked("f"), "1");

        var head = await site.Host.Services(FunctionsApp.AppId).GetRequiredService<DaprClient>().GetByteStateAsync("heads", $"{FunctionsSite.Site}{Rows}", cancellationToken: Cancellation);
        Assert.Equal("""{"places":16,"calls":[]}""", Encoding.UTF8.GetString(head.Span));
    }

    /// <summary>That the function can't be called now is not known anew of each call.</summary>
    [Fact]
    public async Task Try_OfManyCallsWhileTheFunctionCannotBeCalled_WritesNothingAndReadsOneASecond()
    {
        await using var site = await FunctionsSite.StartAsync();
        await using var retries = site.Retries("f", _clock);
        foreach (var i in Enumerable.Range(0, 10))
        {
            Assert.True(await retries.TakeAsync(Call($"{i}"), Plan, () => Task.FromResult<CallResult?>(CallResult.NotStarted(CallOutcome.Busy, "")), isShared: true, Cancellation));
        }

        site.Host.Calls.Clear();
        var start = _clock.GetUtcNow();
        retries.Start();
        await _clock.AdvanceUntilAsync(() => Reads(site) >= 5);

        Assert.Empty(Writes(site));
        Assert.InRange(Reads(site), 5, (_clock.GetUtcNow() - start).TotalSeconds + 1);
    }

    private static async Task<ParkedCall> AddAsync(ParkedRows rows, string key)
    {
        var added = rows.Number(ParkedCall.Of(Call(key), Plan, 1, Noon), await rows.LoadAsync(Cancellation));
        await rows.AddAsync(added, "1"u8.ToArray());
        return added;
    }

    private static IReadOnlyList<DaprCall> Writes(FunctionsSite site) =>
        [.. site.Host.Calls.All.Where(c => c is { Kind: CallKind.StateWrite, To: "heads" } && c.Name.Contains(Rows, StringComparison.Ordinal))];

    private static int Reads(FunctionsSite site) => site.Host.Calls.All.Count(c => c is { Kind: CallKind.StateRead, To: "bodies" } && c.Name.Contains(Rows, StringComparison.Ordinal));

    private static TriggeredCall Call(string key) => new(TriggerNames.Topic, key, "1"u8.ToArray(), new Dictionary<string, string>());
}
