using EdgeMesh.Sidecar.Apps;

namespace EdgeMesh.Sidecar.Tests.Apps;

/// <summary>Who goes before whom in what an app has.</summary>
public sealed class AppTurnTests : IDisposable
{
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(TestSidecar.Cancellation);

    [Fact]
    public async Task Change_WhileTheStartWaitsForTheApp_IsMadeAtOnce_AndTheStartBegunAnew()
    {
        using var turn = new AppTurn();
        var (began, came) = (new SemaphoreSlim(0), new TaskCompletionSource());
        var starts = 0;
        var run = turn.RunAsync(
            async cancellation =>
            {
                Interlocked.Increment(ref starts);
                began.Release();
                await came.Task.WaitAsync(cancellation);
                began.Release();
            },
            _stop.Token);
        await turn.ChangeAsync(() => Task.CompletedTask, TestSidecar.Cancellation);
        await began.WaitAsync(TestSidecar.Cancellation);
        var changed = false;
        await turn.ChangeAsync(() => Task.FromResult(changed = true), TestSidecar.Cancellation);
        Assert.True(changed);
        await began.WaitAsync(TestSidecar.Cancellation);
        came.SetResult();
        await began.WaitAsync(TestSidecar.Cancellation);
        Assert.Equal(2, starts);
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    [Fact]
    public async Task Start_WhileAChangeWaits_LetsItGoFirst()
    {
        using var turn = new AppTurn();
        var (first, started) = (new TaskCompletionSource(), new TaskCompletionSource<int>());
        var changes = 0;
        var one = turn.ChangeAsync(() => first.Task, TestSidecar.Cancellation);
        var run = turn.RunAsync(_ => Task.FromResult(started.TrySetResult(Volatile.Read(ref changes))), _stop.Token);
        var two = turn.ChangeAsync(() => Task.FromResult(Interlocked.Increment(ref changes)), TestSidecar.Cancellation);
        var three = turn.ChangeAsync(() => Task.FromResult(Interlocked.Increment(ref changes)), TestSidecar.Cancellation);
        first.SetResult();
        await Task.WhenAll(one, two, three);
        Assert.Equal(2, await started.Task.WaitAsync(TestSidecar.Cancellation));
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    [Fact]
    public async Task Change_GivenUpWhileTheStartGivesWay_HasTheStartBegunAnew()
    {
        using var turn = new AppTurn();
        var began = new SemaphoreSlim(0);
        var run = turn.RunAsync(
            async cancellation =>
            {
                began.Release();
                await new TaskCompletionSource().Task.WaitAsync(cancellation);
            },
            _stop.Token);
        await turn.ChangeAsync(() => Task.CompletedTask, TestSidecar.Cancellation);
        await began.WaitAsync(TestSidecar.Cancellation);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => turn.ChangeAsync(() => Task.CompletedTask, new CancellationToken(canceled: true)));
        Assert.True(await began.WaitAsync(TimeSpan.FromSeconds(10), TestSidecar.Cancellation));
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    public void Dispose() => _stop.Dispose();
}
