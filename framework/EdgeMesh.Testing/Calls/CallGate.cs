namespace EdgeMesh.Testing;

/// <summary>Where every call passes between a sidecar and its apps and components: the test's faults strike it, and it is recorded. From the
/// moment when the sidecar is killed nothing begins, and what is under way is broken off and never answered: what is left of the sidecar can
/// draw no conclusion from it that a dead process would not have drawn. It ends with its caller.</summary>
internal sealed class CallGate(CallLog log, FaultPlan faults, CancellationToken killed)
{
    /// <param name="call">What is about to happen.</param>
    /// <param name="next">Does it, perhaps after the return: the app's status, null of a component.</param>
    /// <param name="cancellation">The caller does not wait any longer.</param>
    public async Task PassAsync(DaprCall call, Func<CancellationToken, Task<int?>> next, CancellationToken cancellation)
    {
        int? status = null;
        var isLate = false;
        try
        {
            await UnlessKilledAsync(async token =>
            {
                await faults.RunAsync(call, async () => status = await next(Volatile.Read(ref isLate) ? killed : token), token);
                return true;
            }, cancellation);
            log.Add(call with { Status = status });
        }
        catch (Exception error)
        {
            log.Add(call with { Failure = killed.IsCancellationRequested ? Unreachable.Because("the test killed the sidecar") : error });
            throw;
        }
        finally
        {
            Volatile.Write(ref isLate, true);
        }
    }

    /// <summary>For what is not recorded.</summary>
    /// <exception cref="OperationCanceledException">The caller does not wait any longer.</exception>
    public async Task<T> UnlessKilledAsync<T>(Func<CancellationToken, Task<T>> next, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, killed);
        try
        {
            either.Token.ThrowIfCancellationRequested();
            var result = await next(either.Token);
            if (!killed.IsCancellationRequested)
            {
                return result;
            }
        }
        catch (Exception) when (killed.IsCancellationRequested)
        {
            // The dead hear nothing, so they settle nothing.
        }

        return await new TaskCompletionSource<T>().Task.WaitAsync(cancellation);
    }
}
