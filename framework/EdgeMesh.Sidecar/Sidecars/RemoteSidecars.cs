using System.Collections.Concurrent;
using EdgeMesh.Sidecar.MutualTls;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Sidecars;

/// <summary>Finds apps behind other sidecars, and says to those where this process's apps are.</summary>
/// <param name="names">Where they are found.</param>
/// <param name="renewal">How often this process says where it is.</param>
/// <param name="maxBodySize">Of a message.</param>
/// <param name="identities">Who this process's apps are; null: calls are without TLS.</param>
/// <param name="logger">For what can't be said.</param>
internal sealed partial class RemoteSidecars(SqliteNames names, TimeSpan renewal, int maxBodySize, WorkloadIdentities? identities, ILogger logger) : IAsyncDisposable
{
    /// <summary>More sidecars than a machine carries; beyond, connections begin anew.</summary>
    private const int ConnectionLimit = 1000;

    /// <summary>With TLS by caller and called app too: each shows, and expects, another certificate.</summary>
    private readonly ConcurrentDictionary<(string Address, string Caller, string AppId), SidecarConnection> _connections = [];
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
    public RemoteSidecar? Find(string appId, string callerAppId) => Reach(appId, callerAppId) is { } connection ? new RemoteSidecar(connection, appId, callerAppId) : null;

    /// <summary>The way to a sidecar that has the app; null: there is none.</summary>
    public SidecarConnection? Reach(string appId, string callerAppId)
    {
        if (names.Find(appId) is not { } address)
        {
            return null;
        }

        var identity = identities?.Of(callerAppId);
        var key = identity is null ? (address, "", "") : (address, callerAppId, appId);
        if (_connections.TryGetValue(key, out var known) && known.Certificate == identity?.Current)
        {
            return known;
        }

        // What is left is not disposed: calls may be under way on it. Unused connections close by themselves.
        if (_connections.Count >= ConnectionLimit)
        {
            _connections.Clear();
        }

        SidecarConnection New() => new(address, maxBodySize, identity, appId);
        return _connections.AddOrUpdate(key, _ => New(), (_, other) => other.Certificate == identity?.Current ? other : New());
    }

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

    /// <summary>Others do not find this process's apps any more; it still finds and calls theirs.</summary>
    public async Task WithdrawAsync()
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

        _registered.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await WithdrawAsync();
        names.Dispose();
        foreach (var connection in _connections.Values)
        {
            connection.Dispose();
        }

        _stop.Dispose();
    }

    [LoggerMessage(LogLevel.Warning, "The name resolution's file does not take where {App} is: {Reason}. Tried again at the next turn.")]
    private static partial void LogNotRenewed(ILogger logger, string app, string reason);
}
