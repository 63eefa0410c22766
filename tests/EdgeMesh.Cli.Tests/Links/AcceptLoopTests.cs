using System.Net.Sockets;
using EdgeMesh.Cli.Links;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Cli.Tests.Links;

public sealed class AcceptLoopTests
{
    [Fact]
    public async Task Run_WhereNothingCanBeAccepted_PausesBetweenTries()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var (clock, tries, tried) = (new FakeTimeProvider(), 0, new SemaphoreSlim(0));
        var loop = AcceptLoop.RunAsync(Refuse, _ => { }, clock, stop.Token);
        Assert.Equal(1, tries);

        clock.Advance(TimeSpan.FromMilliseconds(50));
        await tried.WaitAsync(TestContext.Current.CancellationToken);
        await tried.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, tries);
        await stop.CancelAsync();
        await loop;

        // Without a pause it would not return to the test: so it ends by itself, too late.
        ValueTask<Socket> Refuse(CancellationToken cancellation)
        {
            tries++;
            tried.Release();
            throw tries < 10 ? new SocketException((int)SocketError.TooManyOpenSockets) : new OperationCanceledException();
        }
    }
}
