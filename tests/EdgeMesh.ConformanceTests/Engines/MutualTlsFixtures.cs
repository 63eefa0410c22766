using EdgeMesh.ConformanceTests.Engines;

[assembly: AssemblyFixture(typeof(DaprdMutualTlsFixture))]
[assembly: AssemblyFixture(typeof(TwoProcessesMutualTlsFixture))]
[assembly: AssemblyFixture(typeof(EmbeddedCallsDaprdMutualTlsFixture))]
[assembly: AssemblyFixture(typeof(DaprdCallsEmbeddedMutualTlsFixture))]

namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>Sidecars with certificates of a real sentry: app <c>alpha</c> behind one engine; behind the other, whose access control knows callers by
/// their certificates, <c>beta</c>, which speaks HTTP, and <c>gamma</c>, which speaks gRPC.</summary>
/// <param name="daprdCalls">Whether the caller's sidecar is a real daprd.</param>
/// <param name="daprdIsCalled">Whether the called apps' are.</param>
public abstract class MutualTlsFixture(bool daprdCalls, bool daprdIsCalled) : EngineFixture
{
    /// <summary>Only <c>alpha</c> may do anything.</summary>
    private const string AccessControl = """
        apiVersion: dapr.io/v1alpha1
        kind: Configuration
        metadata:
          name: access
        spec:
          accessControl:
            defaultAction: deny
            trustDomain: public
            policies:
            - appId: alpha
              defaultAction: deny
              trustDomain: public
              namespace: core
              operations:
              - { name: /echo/get, httpVerb: [GET], action: allow }
              - { name: /echo/any, httpVerb: ["*"], action: allow }
              - { name: /echo/below/**, httpVerb: ["*"], action: allow }
              - { name: /echo/below/closed, httpVerb: ["*"], action: deny }
              - { name: /echo/one/*/end, httpVerb: [GET, POST], action: allow }
              - { name: /echo/part-*, httpVerb: [GET], action: allow }
              - { name: /echo/level/*, httpVerb: [GET], action: allow }
              - { name: /echo/none, action: allow }
              - { name: /echo/silent, httpVerb: [GET] }
              - { name: /echo/CASE, httpVerb: [GET], action: allow }
              - { name: /edgemesh.conformance.Chat/Ask, action: allow }
            - appId: beta
              defaultAction: allow
              trustDomain: public
              namespace: core
            - appId: beta
              defaultAction: allow
              trustDomain: elsewhere
              namespace: core
            - appId: gamma
              defaultAction: allow
              trustDomain: public
              namespace: elsewhere
        """;

    private ControlPlane? _sentry;
    private EngineSetup? _setup;

    private protected override bool HasGrpcApp => true;

    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup)
    {
        var names = await DaprdEngine.WriteConfigurationAsync(setup, CancellationToken.None);
        var access = Path.Combine(setup.Folder, "access.yaml");
        await File.WriteAllTextAsync(access, AccessControl);
        _setup = setup;
        _sentry = await ControlPlane.StartSentryAsync(setup.Folder, CancellationToken.None);
        return await SplitEngine.StartAsync(setup with { MutualTls = _sentry.MutualTls }, async (at, one) => (at, at == 0 ? daprdCalls : daprdIsCalled) switch
        {
            (0, true) => await DaprdEngine.StartAsync(one, CancellationToken.None),
            (0, false) => await StartOursAsync(one, names),
            (_, true) => await DaprdEngine.StartAsync(one, CancellationToken.None, access),
            (_, false) => await StartOursAsync(one, names, access),
        });
    }

    private protected virtual async Task<IDaprEngine> StartOursAsync(EngineSetup setup, params string[] configurations) =>
        await EmbeddedEngine.StartAsync(setup, CancellationToken.None, configurations);

    /// <summary>A further sidecar beside them, of an app that has no certificate.</summary>
    internal async Task<IDaprEngine> StartOutsiderAsync(string appId, bool daprd)
    {
        await RunningAsync();
        var setup = _setup! with { Apps = [_setup.Apps[0] with { AppId = appId }] };
        return daprd ? await DaprdEngine.StartAsync(setup, CancellationToken.None) : await StartOursAsync(setup, Path.Combine(setup.Folder, "daprd.yaml"));
    }

    /// <summary>A further sidecar of the caller's kind, of an app whose certificate names another.</summary>
    internal async Task<IDaprEngine> StartAsAsync(string appId, string identity)
    {
        await RunningAsync();
        var setup = _setup! with { Apps = [_setup.Apps[0] with { AppId = appId }], MutualTls = _sentry!.MutualTls, Identity = identity };
        return daprdCalls ? await DaprdEngine.StartAsync(setup, CancellationToken.None) : await StartOursAsync(setup, Path.Combine(setup.Folder, "daprd.yaml"));
    }

    /// <summary>Where sidecars find the app.</summary>
    internal async Task<(string Host, int Port)> InternalAddressAsync(string appId)
    {
        await RunningAsync();
        await using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(_setup!.Folder, "names.db")};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT address FROM hosts WHERE app_id = $app";
        command.Parameters.AddWithValue("$app", appId);
        var address = ((string)(await command.ExecuteScalarAsync())!).Split(':');
        return (address[0], int.Parse(address[1], System.Globalization.CultureInfo.InvariantCulture));
    }

    private protected override ValueTask ReleaseAsync() => _sentry?.DisposeAsync() ?? ValueTask.CompletedTask;
}

public sealed class DaprdMutualTlsFixture() : MutualTlsFixture(daprdCalls: true, daprdIsCalled: true);

public sealed class TwoProcessesMutualTlsFixture() : MutualTlsFixture(daprdCalls: false, daprdIsCalled: false);

public sealed class EmbeddedCallsDaprdMutualTlsFixture() : MutualTlsFixture(daprdCalls: false, daprdIsCalled: true);

public sealed class DaprdCallsEmbeddedMutualTlsFixture() : MutualTlsFixture(daprdCalls: true, daprdIsCalled: false);
