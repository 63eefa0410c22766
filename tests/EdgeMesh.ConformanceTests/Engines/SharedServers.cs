using EdgeMesh.Tests.Servers;

namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>The servers that both engines use, each started once by whoever needs it first and stopped by whoever needs it last.</summary>
internal static class SharedServers
{
    public static readonly SharedServer Postgresql = new(ServerProcess.PostgresqlAsync);
    public static readonly SharedServer Redis = new(ServerProcess.RedisAsync);
    public static readonly SharedServer RabbitMq = new(ServerProcess.RabbitMqAsync);
}

/// <summary>One server, counted.</summary>
internal sealed class SharedServer(Func<CancellationToken, Task<ServerProcess>> start)
{
    private readonly SemaphoreSlim _gate = new(1);
    private ServerProcess? _server;
    private int _users;

    public async Task<int> TakeAsync()
    {
        await _gate.WaitAsync();
        try
        {
            _server ??= await start(CancellationToken.None);
            _users++;
            return _server.Port;
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask GiveBackAsync()
    {
        await _gate.WaitAsync();
        try
        {
            if (--_users == 0)
            {
                await _server!.DisposeAsync();
                _server = null;
            }
        }
        finally
        {
            _gate.Release();
        }
    }
}
