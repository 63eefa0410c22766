using System.Collections.Concurrent;
using Grpc.Net.Client;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Sidecars;

/// <summary>Finds apps behind other sidecars, and says to those where this process's apps are.</summary>
internal sealed partial class RemoteSidecars(SqliteNames names, TimeSpan renewal, int maxBodySize, ILogger logger) : IAsyncDisposable
{
    /// <summary>More sidecars than a machine carries; beyond, connections begin anew.</summary>
    private const int ChannelLimit = 1000;

    private readonly ConcurrentDictionary<string, GrpcChannel> _channels = new(StringComparer.Ordinal);
    private readonly HttpMessageInvoker _passing = new(Handler());
    private readonly CancellationTokenSource _stop = new();
    private readonly List<(string Registration, string Address, string AppId)> _registered = [];
    private Task _renewing = Task.CompletedTask;

    /// <summary>Called once, when the ports are known.</summary>
    public void Register(IEnumerable<(string AppId, string Address)> apps, Func<string> newId)
    {
        foreach (var (appId, address) in apps)
        {
            var registration = newId();
            names.Register(registration, address, appId);
            _registered.Add((registration, address, appId));
        }

        _renewing = RenewAsync(_stop.Token);
    }

    /// <summary>Null: no other sidecar has that app.</summary>
    public RemoteSidecar? Find(string appId, string callerAppId) => names.Find(appId) is { } address ? new RemoteSidecar(Channel(address), appId, callerAppId) : null;

    /// <summary>Host and port of a sidecar that has the app; null: there is none.</summary>
    public string? AddressOf(string appId) => names.Find(appId);

    /// <summary>Sends a call of an app's own gRPC service as it is.</summary>
    public Task<HttpResponseMessage> PassAsync(HttpRequestMessage request, CancellationToken cancellation) => _passing.SendAsync(request, cancellation);

    private GrpcChannel Channel(string address)
    {
        if (_channels.TryGetValue(address, out var known))
        {
            return known;
        }

        if (_channels.Count >= ChannelLimit)
        {
            // Not disposed: calls may be under way on them.
            _channels.Clear();
        }

        return _channels.GetOrAdd(address, static (a, size) => GrpcChannel.ForAddress($"http://{a}", new GrpcChannelOptions
        {
            HttpHandler = Handler(),
            DisposeHttpClient = true,
            MaxReceiveMessageSize = size,
            MaxSendMessageSize = size,
        }), maxBodySize);
    }

    private static SocketsHttpHandler Handler() => new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        EnableMultipleHttp2Connections = true,
        ActivityHeadersPropagator = null,
        ConnectTimeout = TimeSpan.FromSeconds(3),
    };

    /// <summary>A row that somebody removed is written again.</summary>
    private async Task RenewAsync(CancellationToken cancellation)
    {
        // Other processes read the wall's clock, whatever clock a test gave to this one.
        using var timer = new PeriodicTimer(renewal, TimeProvider.System);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation))
            {
                foreach (var (registration, address, appId) in _registered)
                {
                    Renew(registration, address, appId);
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The sidecar stops.
        }
    }

    private void Renew(string registration, string address, string appId)
    {
        try
        {
            names.Register(registration, address, appId);
        }
        catch (SqliteException error)
        {
            LogNotRenewed(logger, appId, error.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _renewing;
        foreach (var (registration, _, appId) in _registered)
        {
            try
            {
                names.Withdraw(registration);
            }
            catch (SqliteException error)
            {
                // Others find that it is not renewed.
                LogNotRenewed(logger, appId, error.Message);
            }
        }

        names.Dispose();
        _passing.Dispose();
        foreach (var channel in _channels.Values)
        {
            channel.Dispose();
        }

        _stop.Dispose();
    }

    [LoggerMessage(LogLevel.Warning, "The name resolution's file does not take where {App} is: {Reason}. Tried again at the next turn.")]
    private static partial void LogNotRenewed(ILogger logger, string app, string reason);
}
