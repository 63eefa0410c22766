using Dapr.Actors;
using Dapr.Actors.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Testing.Tests.Actors;

/// <summary>The .NET SDK's own actors, host and proxies, unchanged, on a clock that the test moves.</summary>
public sealed class ActorTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UnixEpoch.AddYears(60));
    private DaprTestHost _host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private IActorProxyFactory Proxies => _host.Services("counters").GetRequiredService<IActorProxyFactory>();

    private Happenings Happenings => _host.Services("counters").GetRequiredService<Happenings>();

    public async ValueTask InitializeAsync() => _host = await DaprTestHost.StartAsync(new() { Apps = [new("counters", Counter.App)], Clock = _clock }, Token);

    [Fact]
    public async Task TypedProxy_State_IsKeptBetweenCallsAndActivations()
    {
        var counter = Typed("kept");
        Assert.Equal(5, await counter.AddAsync(5));
        Assert.Equal(7, await counter.AddAsync(2));

        _clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal("deactivated", await Happenings.NextAsync(Token));

        Assert.Equal(7, await counter.ReadAsync());
    }

    [Fact]
    public async Task WeakProxy_WithAndWithoutArguments_CallsTheSameActor()
    {
        var weak = Proxies.Create(new ActorId("weak"), Counter.Type);
        Assert.Equal(3, await weak.InvokeMethodAsync<int, int>("AddAsync", 3, Token));
        Assert.Equal(3, await weak.InvokeMethodAsync<int>("ReadAsync", Token));
        Assert.Equal(4, await Typed("weak").AddAsync(1));
    }

    [Fact]
    public async Task State_WithATimeToLive_IsGoneAfterIt()
    {
        await Typed("short").WriteShortLivedAsync("soon gone");
        Assert.Equal("soon gone", await Typed("short").ReadShortLivedAsync());

        _clock.Advance(TimeSpan.FromHours(1));
        await Happenings.NextAsync(Token);

        Assert.Null(await Typed("short").ReadShortLivedAsync());
    }

    [Fact]
    public async Task Timer_EveryPeriod_CallsTheActorUntilItStops()
    {
        await Typed("timed").TickAsync(TimeSpan.FromSeconds(10));
        for (var i = 0; i < 3; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(10));
            Assert.Equal("timer tock", await Happenings.NextAsync(Token));
        }

        await Typed("timed").StopTickingAsync();
        _clock.Advance(TimeSpan.FromMinutes(1));
        await Typed("timed").RemindAsync(TimeSpan.FromSeconds(1));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("reminder remember milk", await Happenings.NextAsync(Token));
    }

    [Fact]
    public async Task Reminder_Periodic_IsToldAndOutlivesTheSidecar()
    {
        await Typed("reminded").RemindAsync(TimeSpan.FromMinutes(10));
        Assert.Equal("remember 00:10:00 00:10:00", await Typed("reminded").ReminderAsync());

        await _host.StopSidecarAsync();
        _clock.Advance(TimeSpan.FromMinutes(10));
        await _host.StartSidecarAsync(Token);

        // What stood before the sidecar went was deactivated by it.
        Assert.Equal("deactivated", await Happenings.NextAsync(Token));
        Assert.Equal("reminder remember milk", await Happenings.NextAsync(Token));
        await Typed("reminded").ForgetAsync();
        await Assert.ThrowsAsync<ActorMethodInvocationException>(() => Typed("reminded").ReminderAsync());
    }

    [Fact]
    public async Task Reentrancy_UpToItsDepth_ComesBackAndNoFurther()
    {
        Assert.Equal(3, await Typed("nested").NestAsync(3));
        await Assert.ThrowsAsync<ActorMethodInvocationException>(() => Typed("deep").NestAsync(4));
        Assert.Equal(0, await Typed("deep").ReadAsync());
    }

    [Fact]
    public async Task Exception_OfTheActor_ReachesItsCaller()
    {
        var error = await Assert.ThrowsAsync<ActorMethodInvocationException>(() => Typed("stuck").FailAsync());
        Assert.Contains(nameof(InvalidOperationException), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calls_OfAnActor_AreRecorded()
    {
        await Typed("seen").AddAsync(1);
        var call = Assert.Single(_host.Calls.Of(CallKind.ActorCall));
        Assert.Equal(("counters", "counters", "Counter/seen/method/AddAsync", 200), (call.From, call.To, call.Name, call.Status));
        Assert.Equal(("counters", "actors", "Counter||seen||sum"), _host.Calls.Of(CallKind.StateWrite).Select(c => (c.From, c.To, c.Name)).Single());
    }

    private ICounter Typed(string id) => Proxies.CreateActorProxy<ICounter>(new ActorId(id), Counter.Type);

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
