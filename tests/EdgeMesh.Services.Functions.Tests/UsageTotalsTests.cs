using System.Collections.Immutable;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Functions.Deployments;
using EdgeMesh.Services.Functions.Running;
using EdgeMesh.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>How the cost of many functions is written by a store that has no time for all of them.</summary>
public sealed class UsageTotalsTests : IAsyncLifetime
{
    private static readonly string[] Names = [.. Enumerable.Range(0, 6).Select(i => $"f{i}")];

    private readonly Dictionary<string, FunctionCall> _calls = [];
    private DaprTestHost _host = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _host = await DaprTestHost.StartAsync(new DaprTestHostOptions { Apps = [new TestApp(FunctionsApp.AppId)], Clock = new FakeTimeProvider() }, Cancellation);
        foreach (var name in Names)
        {
            var bundle = await FunctionsSite.BundleAsync(FunctionsSite.Says(name), FunctionsSite.Manifest(name));
            _calls[name] = new FunctionCall(new KnownBundle(bundle.Statement, ImmutableSortedDictionary<string, int>.Empty), TriggerNames.Http, "", default);
        }
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Save_OfMoreThanThereIsTimeFor_GivesEachItsTurn()
    {
        await using var totals = Totals(TimeSpan.FromMilliseconds(300));
        using var slow = EveryFourthWriteHangs();
        for (var saves = 0; (await WrittenAsync()).Contains(0); saves++)
        {
            Assert.True(saves < 40, "some are never written");
            Count(totals, Names);
            await totals.SaveAsync(Cancellation);
        }
    }

    [Fact]
    public async Task Dispose_WithMoreThanOneSaveHasTimeFor_WritesAll()
    {
        using var slow = EveryFourthWriteHangs();
        await using (var totals = Totals(TimeSpan.FromSeconds(1)))
        {
            Count(totals, Names);
        }

        Assert.Equal([1, 1, 1, 1, 1, 1], await WrittenAsync());
    }

    /// <summary>What the fault tells people to do.</summary>
    [Fact]
    public async Task Save_OnceARowThatCouldNotBeReadIsDeleted_WritesWhatWasCountedMeanwhile()
    {
        var dapr = _host.Dapr(FunctionsApp.AppId);
        await dapr.SaveByteStateAsync("heads", Key("f0"), "of a later version"u8.ToArray(), cancellationToken: Cancellation);
        await using var totals = Totals(TimeSpan.FromSeconds(30));
        Count(totals, "f0");
        await totals.SaveAsync(Cancellation);
        Assert.Contains(Key("f0"), (await totals.OfAsync("f0", Cancellation)).Missing!, StringComparison.Ordinal);

        await dapr.DeleteStateAsync("heads", Key("f0"), cancellationToken: Cancellation);
        Count(totals, "f0");
        await totals.SaveAsync(Cancellation);
        Assert.Equal(2, (await WrittenAsync())[0]);
        Assert.Null((await totals.OfAsync("f0", Cancellation)).Missing);
    }

    private static void Count(UsageTotals totals, Dictionary<string, FunctionCall> calls, IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            totals.Add(calls[name], new CallResult(CallOutcome.Completed, 0, default, default, null, CallUsage.None), isCold: false);
        }
    }

    private void Count(UsageTotals totals, params string[] names) => Count(totals, _calls, names);

    private UsageTotals Totals(TimeSpan limit) =>
        new(_host.Dapr(FunctionsApp.AppId), new SiteIdentity("test-site", FunctionsApp.AppId, _host.DataDirectory), TimeProvider.System, NullLogger<UsageTotals>.Instance) { StoreLimit = limit };

    /// <summary>On the host's clock, which nobody moves: until whoever waits gives up.</summary>
    private IDisposable EveryFourthWriteHangs()
    {
        var writes = 0;
        return _host.Faults.Delay(c => c.Kind == CallKind.StateWrite && Interlocked.Increment(ref writes) % 4 == 0, TimeSpan.FromHours(1));
    }

    /// <summary>The calls of each function, as the store has them.</summary>
    private async Task<IReadOnlyList<long>> WrittenAsync()
    {
        var rows = await Task.WhenAll(Names.Select(n => _host.Dapr(FunctionsApp.AppId).GetByteStateAsync("heads", Key(n), cancellationToken: Cancellation)));
        return [.. rows.Zip(Names, (row, name) => FunctionUsage.TryRead(row.Span, name)!.Calls)];
    }

    private static string Key(string function) => $"test-site/functions/usage/{function}";
}
