using EdgeMesh.Sidecar.Components.ConfigurationSqlite;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EdgeMesh.Sidecar.Components.ConfigurationPostgresql;

/// <summary>One channel of <c>NOTIFY</c>, on a connection of its own, for as long as somebody listens. As with daprd, what changes while the
/// server is away is not told; the next change is. The source's keepalive finds out that it is.</summary>
internal sealed partial class PostgresNotifications : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly NpgsqlDataSource _source;
    private readonly string _name;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    public PostgresNotifications(NpgsqlDataSource source, string name, ILogger logger)
    {
        (_source, _name, _logger) = (source, name, logger);
        _running = RunAsync(_stop.Token);
    }

    public string Name => _name;

    public ConfigurationListeners Listeners { get; } = new();

    private async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                // The component closes.
            }
            catch (Exception error) when (error is NpgsqlException or IOException or TimeoutException or InvalidOperationException)
            {
                LogAway(_name, error.Message);

                // A server comes up in its own time, whatever clock a test gave to this process.
                await Task.Delay(Pause, TimeProvider.System, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ListenAsync(CancellationToken cancellation)
    {
        await using var connection = await _source.OpenConnectionAsync(cancellation);
        connection.Notification += (_, told) => Tell(told.Payload);
        await using (var command = new NpgsqlCommand($"LISTEN \"{_name}\"", connection))
        {
            await command.ExecuteNonQueryAsync(cancellation);
        }

        while (true)
        {
            await connection.WaitAsync(cancellation);
        }
    }

    private void Tell(string payload)
    {
        if (ConfigurationPayload.Read(payload) is var (key, value))
        {
            Listeners.Tell(new Dictionary<string, ConfigurationValue> { [key] = value });
        }
        else
        {
            LogNoChange(_name);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The changes that channel {Channel} tells can't be heard, and are missed until they can: {Reason}")]
    private partial void LogAway(string channel, string reason);

    [LoggerMessage(LogLevel.Warning, "What channel {Channel} told is no change of a setting: JSON with data, and in it key, value and version")]
    private partial void LogNoChange(string channel);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }
}
