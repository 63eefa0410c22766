using System.Text;
using Dapr.Client;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Functions.Running;
using EdgeMesh.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>What a function may keep, in the store behind a real sidecar.</summary>
public sealed class FunctionStateTests : IAsyncLifetime
{
    private static readonly StateLimits Small = new(3, 100);

    private FunctionsSite _site = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private DaprClient Dapr => _site.Host.Services(FunctionsApp.AppId).GetRequiredService<DaprClient>();

    public async ValueTask InitializeAsync() => _site = await FunctionsSite.StartAsync();

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public async Task Set_OneKeyMoreThanItMayKeep_IsTooMuchUntilOneIsDeleted()
    {
        var state = State();
        foreach (var key in (string[])["a", "b", "c"])
        {
            Assert.Equal(HostStatus.Done, await SetAsync(state, key, "1"));
        }

        Assert.Equal(HostStatus.TooMuch, await SetAsync(state, "d", "1"));
        Assert.Equal(HostStatus.Done, await SetAsync(state, "a", "22"));
        Assert.Equal(HostStatus.Done, await state.DeleteAsync(state.Life, "b", Cancellation));
        Assert.Equal(HostStatus.Done, await SetAsync(state, "d", "1"));
        Assert.Equal(("22", null, "1", "1"), (await GetAsync(state, "a"), await GetAsync(state, "b"), await GetAsync(state, "c"), await GetAsync(state, "d")));
    }

    [Fact]
    public async Task Set_MoreBytesThanItMayKeep_IsTooMuchAndLeavesWhatWasThere()
    {
        var state = State();
        Assert.Equal(HostStatus.Done, await SetAsync(state, "a", new string('x', 99)));

        Assert.Equal(HostStatus.TooMuch, await SetAsync(state, "a", new string('y', 100)));
        Assert.Equal(HostStatus.TooMuch, await SetAsync(state, "b", ""));
        Assert.Equal(new string('x', 99), await GetAsync(state, "a"));
        Assert.Equal(HostStatus.Done, await SetAsync(state, "a", "less"));
        Assert.Equal(HostStatus.Done, await SetAsync(state, "b", new string('x', 90)));
    }

    [Fact]
    public async Task Set_AfterTheServiceStartedAgain_CountsWhatWasKeptBefore()
    {
        var before = State();
        foreach (var key in (string[])["a", "b", "ключ"])
        {
            await SetAsync(before, key, "1");
        }

        var state = State();
        Assert.Equal(HostStatus.TooMuch, await SetAsync(state, "d", "1"));
        Assert.Equal(HostStatus.Done, await SetAsync(state, "ключ", "2"));
        Assert.Equal("2", await GetAsync(state, "ключ"));
    }

    /// <summary>Whether it was written is not known, so it is read again before it is counted.</summary>
    [Fact]
    public async Task Set_AfterOneThatFailed_CountsWhatIsThere()
    {
        var state = State();
        await SetAsync(state, "a", "1");
        using (_site.Host.Faults.Fail(c => c is { Kind: CallKind.StateWrite, To: "heads" }))
        {
            await Assert.ThrowsAnyAsync<Exception>(() => SetAsync(state, "b", "1"));
        }

        Assert.Equal((HostStatus.Done, HostStatus.Done, HostStatus.TooMuch), (await SetAsync(state, "b", "1"), await SetAsync(state, "c", "1"), await SetAsync(state, "d", "1")));
    }

    /// <summary>Given up, it could still arrive at the store, after what is written next.</summary>
    [Theory]
    [InlineData("1")]
    [InlineData("22")]
    public async Task Set_WhoseCallerGivesUpWhileItIsWritten_IsWrittenBeforeAnythingElse(string value)
    {
        var state = State();
        await SetAsync(state, "a", "0");
        using var caller = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        using var release = new ManualResetEventSlim();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var held = _site.Host.Faults.Fail(c => c is { Kind: CallKind.StateWrite, To: "heads" } && reached.TrySetResult() && !release.Wait(TimeSpan.FromSeconds(30)));

        var setting = state.SetAsync(state.Life, "a", Encoding.UTF8.GetBytes(value), Small, caller.Token);
        await reached.Task.WaitAsync(Cancellation);
        await caller.CancelAsync();
        var next = SetAsync(state, "a", "333");
        release.Set();

        Assert.Equal((HostStatus.Done, HostStatus.Done), (await setting, await next));
        Assert.Equal("333", await GetAsync(state, "a"));
    }

    [Fact]
    public async Task Set_ThatTheStoreDoesNotAnswer_IsGivenUpAtItsLimit_AndTheNextIsWritten()
    {
        var state = State(TimeSpan.FromMilliseconds(100));
        await GetAsync(state, "a");
        using (_site.Host.Faults.Delay(c => c is { Kind: CallKind.StateWrite, To: "heads" }, TimeSpan.FromHours(1)))
        {
            await Assert.ThrowsAsync<TimeoutException>(() => SetAsync(state, "a", "1"));
        }

        Assert.Null(await GetAsync(state, "a"));
        Assert.Equal(HostStatus.Done, await SetAsync(State(), "a", "2"));
    }

    [Fact]
    public async Task Remove_OfAllThatItKeeps_LeavesNoRow_AndTheNextBeginsWithNothing()
    {
        var state = State();
        await SetAsync(state, "a", "1");
        await SetAsync(state, "b", "1");
        var old = state.Life;
        state.BeginRemoval();

        Assert.Equal(HostStatus.Unavailable, await state.SetAsync(old, "c", default, Small, Cancellation));
        Assert.Equal(HostStatus.Unavailable, (await state.GetAsync(old, "a", Cancellation)).Status);
        await state.RemoveAsync(Cancellation);

        Assert.Equal((true, true), (await IsGoneAsync("a"), await IsGoneAsync("b")));
        Assert.Null(await GetAsync(state, "a"));
        Assert.Equal(HostStatus.Done, await SetAsync(state, "a", "new"));
        Assert.Equal("new", await GetAsync(State(), "a"));
    }

    [Fact]
    public async Task Get_AfterARemovalThatDidNotEnd_EndsItFirst()
    {
        var state = State();
        await SetAsync(state, "a", "1");
        state.BeginRemoval();
        using (_site.Host.Faults.Fail(c => c is { To: "heads" } && c.Kind is CallKind.StateDelete))
        {
            await Assert.ThrowsAnyAsync<Exception>(() => state.RemoveAsync(Cancellation));
        }

        Assert.Null(await GetAsync(State(), "a"));
        Assert.True(await IsGoneAsync("a"));
    }

    /// <summary>Rows that no page names: an older version wrote them, before there was an index.</summary>
    [Fact]
    public async Task Get_OfARowOlderThanTheIndex_CountsItFromThenOn()
    {
        await WriteOldAsync("old", "41");
        var state = State();
        Assert.Equal(HostStatus.Done, await SetAsync(state, "a", "1"));
        Assert.Equal("41", await GetAsync(state, "old"));
        Assert.Equal(HostStatus.Done, await SetAsync(state, "b", "1"));

        Assert.Equal((HostStatus.TooMuch, HostStatus.TooMuch), (await SetAsync(state, "c", "1"), await SetAsync(State(), "c", "1")));
        state.BeginRemoval();
        await state.RemoveAsync(Cancellation);
        Assert.True(await IsGoneAsync("old"));
    }

    [Fact]
    public async Task Set_OfARowOlderThanTheIndex_IsTakenLikeAnyOtherThatIsThere()
    {
        await WriteOldAsync("old", "41");
        var state = State();
        foreach (var key in (string[])["a", "b", "c"])
        {
            await SetAsync(state, key, "1");
        }

        Assert.Equal((HostStatus.Done, HostStatus.TooMuch), (await SetAsync(state, "old", "42"), await SetAsync(state, "d", "1")));
        Assert.Equal(HostStatus.TooMuch, await SetAsync(state, "old", new string('x', 100)));
        Assert.Equal("42", await GetAsync(State(), "old"));
    }

    [Fact]
    public async Task Remove_OfAFunctionWithRowsOlderThanTheIndex_LetsNoneComeBack()
    {
        await WriteOldAsync("old", "41");
        var state = State();
        state.BeginRemoval();
        await state.RemoveAsync(Cancellation);

        Assert.Null(await GetAsync(state, "old"));
        Assert.Null(await GetAsync(State(), "old"));
        Assert.Equal(HostStatus.Done, await SetAsync(state, "old", "new"));
        Assert.Equal("new", await GetAsync(State(), "old"));
    }

    [Fact]
    public async Task Remove_OfAFunction_RemovesItsState()
    {
        const string State = "permissions: { state: true }\nlimits: { stateKeys: 1 }";
        await _site.DeployAsync(HostModules.SetAndGet("count", "41"), FunctionsSite.Manifest("keeper", more: State));
        Assert.Equal((200, "41"), await _site.CallAsync("keeper"));
        await _site.DeployAsync(HostModules.SetAndGet("more", "42"), FunctionsSite.Manifest("keeper", "1.0.1", more: State), 2);
        Assert.Equal((200, "-1"), await _site.CallAsync("keeper"));

        Assert.Equal((true, ""), await _site.PutAsync(Deployment.Sign("keeper", 3, null, CanaryPlan.None, FunctionsSite.Ops)));
        for (var looks = 0; !(await Dapr.GetByteStateAsync("heads", $"{FunctionsSite.Site}/function/keeper/count", cancellationToken: Cancellation)).IsEmpty; looks++)
        {
            Assert.True(looks < 3_000, "its state is still there");
            await Task.Delay(10, Cancellation);
        }

        await _site.DeployAsync(HostModules.Get("count"), FunctionsSite.Manifest("keeper", "1.0.2", more: State), 4);
        Assert.Equal((200, "-1"), await _site.CallAsync("keeper"));
    }

    private FunctionState State(TimeSpan? writeLimit = null) =>
        new(Dapr, new SiteIdentity(FunctionsSite.Site, FunctionsApp.AppId, ""), "f") { WriteLimit = writeLimit ?? TimeSpan.FromSeconds(10) };

    private async Task<bool> IsGoneAsync(string key) => (await Dapr.GetByteStateAsync("heads", Row(key), cancellationToken: Cancellation)).IsEmpty;

    private Task WriteOldAsync(string key, string value) => Dapr.SaveByteStateAsync("heads", Row(key), Encoding.UTF8.GetBytes(value), cancellationToken: Cancellation);

    private static string Row(string key) => $"{FunctionsSite.Site}/function/f/{key}";

    private static Task<HostStatus> SetAsync(FunctionState state, string key, string value) => state.SetAsync(state.Life, key, Encoding.UTF8.GetBytes(value), Small, Cancellation);

    private static async Task<string?> GetAsync(FunctionState state, string key) =>
        await state.GetAsync(state.Life, key, Cancellation) is { Status: HostStatus.Done, Data: var data } ? Encoding.UTF8.GetString(data.Span) : null;
}
