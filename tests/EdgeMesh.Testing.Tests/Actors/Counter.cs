using System.Threading.Channels;
using Dapr.Actors;
using Dapr.Actors.Client;
using Dapr.Actors.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace EdgeMesh.Testing.Tests.Actors;

/// <summary>An actor as users of Dapr write it.</summary>
public interface ICounter : IActor
{
    Task<int> AddAsync(int number);

    Task<int> ReadAsync();

    Task<string?> ReadShortLivedAsync();

    Task WriteShortLivedAsync(string value);

    Task TickAsync(TimeSpan period);

    Task StopTickingAsync();

    Task RemindAsync(TimeSpan period);

    Task<string?> ReminderAsync();

    Task ForgetAsync();

    Task<int> NestAsync(int depth);

    Task FailAsync();
}

/// <summary>Where the actor says what happened to it.</summary>
internal sealed class Happenings
{
    private readonly Channel<string> _said = Channel.CreateUnbounded<string>();

    public void Say(string what) => _said.Writer.TryWrite(what);

    public ValueTask<string> NextAsync(CancellationToken cancellation) => _said.Reader.ReadAsync(cancellation);
}

internal sealed class Counter(ActorHost host, Happenings happenings) : Actor(host), ICounter, IRemindable
{
    public const string Type = nameof(Counter);

    public async Task<int> AddAsync(int number)
    {
        var sum = await ReadAsync() + number;
        await StateManager.SetStateAsync("sum", sum);
        return sum;
    }

    public Task<int> ReadAsync() => StateManager.GetOrAddStateAsync("sum", 0);

    public async Task<string?> ReadShortLivedAsync() => (await StateManager.TryGetStateAsync<string>("short")) is { HasValue: true, Value: var value } ? value : null;

    public Task WriteShortLivedAsync(string value) => StateManager.SetStateAsync("short", value, TimeSpan.FromMinutes(1));

    public Task TickAsync(TimeSpan period) => RegisterTimerAsync("tick", nameof(OnTickAsync), "tock"u8.ToArray(), period, period);

    public Task OnTickAsync(byte[] data)
    {
        happenings.Say($"timer {System.Text.Encoding.UTF8.GetString(data)}");
        return Task.CompletedTask;
    }

    public Task StopTickingAsync() => UnregisterTimerAsync("tick");

    public Task RemindAsync(TimeSpan period) => RegisterReminderAsync("remember", "milk"u8.ToArray(), period, period);

    public async Task<string?> ReminderAsync() => await GetReminderAsync("remember") is { } reminder ? $"{reminder.Name} {reminder.DueTime} {reminder.Period}" : null;

    public Task ForgetAsync() => UnregisterReminderAsync("remember");

    public Task ReceiveReminderAsync(string reminderName, byte[] state, TimeSpan dueTime, TimeSpan period)
    {
        happenings.Say($"reminder {reminderName} {System.Text.Encoding.UTF8.GetString(state)}");
        return Task.CompletedTask;
    }

    public async Task<int> NestAsync(int depth) => depth == 0 ? 0 : 1 + await ProxyFactory.CreateActorProxy<ICounter>(Id, Type).NestAsync(depth - 1);

    public Task FailAsync() => throw new InvalidOperationException("the counter is stuck");

    protected override Task OnDeactivateAsync()
    {
        happenings.Say("deactivated");
        return base.OnDeactivateAsync();
    }

    /// <summary>The app that hosts it.</summary>
    public static WebApplication App(WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Happenings>();
        builder.Services.AddActors(options =>
        {
            options.Actors.RegisterActor<Counter>();
            options.ActorIdleTimeout = TimeSpan.FromHours(1);
            options.ReentrancyConfig = new ActorReentrancyConfig { Enabled = true, MaxStackDepth = 4 };
        });
        var app = builder.Build();
        app.MapActorsHandlers();
        return app;
    }
}
