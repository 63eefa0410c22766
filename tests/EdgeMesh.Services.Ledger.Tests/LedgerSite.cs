using System.Globalization;
using EdgeMesh.Hosting;
using EdgeMesh.Ledger;
using EdgeMesh.Testing;

namespace EdgeMesh.Services.Ledger.Tests;

/// <summary>A site with the ledger service behind a real sidecar, and a caller.</summary>
internal sealed class LedgerSite : IAsyncDisposable
{
    public const string Site = "test-site";

    /// <summary>The components of a site that keeps what it is given.</summary>
    public const string Sqlite = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: heads
        spec:
          type: state.sqlite
          version: v1
          metadata:
            - name: connectionString
              value: heads.db
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: bodies
        spec:
          type: state.sqlite
          version: v1
          metadata:
            - name: connectionString
              value: bodies.db
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: secrets
        spec:
          type: secretstores.local.file
          version: v1
          metadata:
            - name: secretsFile
              value: secrets.json
        """;

    public static readonly LedgerKey Key = LedgerKey.Generate(LedgerKey.OriginOf(Site));

    private readonly DaprTestHost _host;

    private LedgerSite(DaprTestHost host)
    {
        _host = host;
        Client = host.InvokeClient("records", LedgerApp.AppId);
    }

    public HttpClient Client { get; }

    public DaprTestHost Host => _host;

    public static async Task<LedgerSite> StartAsync(string? resources = null, IReadOnlyDictionary<string, string?>? settings = null, string? data = null)
    {
        var options = new DaprTestHostOptions
        {
            Site = Site,
            Apps = [new TestApp(LedgerApp.AppId, LedgerApp.Create) { Settings = settings ?? new Dictionary<string, string?>() }, new TestApp("records")],
            Secrets = new Dictionary<string, string> { [SiteSecrets.LedgerKey] = Key.ExportSeed() },
            Resources = resources ?? TestComponents.InMemory,
            DataDirectory = data,
        };
        return new LedgerSite(await DaprTestHost.StartAsync(options, TestContext.Current.CancellationToken));
    }

    public Task<HttpResponseMessage> AddAsync(byte[] entry, string? producer = null, long sequence = 0) => PostAsync("add", entry, producer, sequence);

    public Task<HttpResponseMessage> AddBatchAsync(IEnumerable<byte[]> entries, string? producer = null, long sequence = 0) =>
        PostAsync("add-batch", EntryBundle.Write(entries.Select(e => (ReadOnlyMemory<byte>)e)), producer, sequence);

    public async Task<HttpResponseMessage> PostAsync(string path, byte[] body, string? producer, long sequence)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        if (producer is not null)
        {
            request.Headers.Add("EdgeMesh-Producer", producer);
            request.Headers.Add("EdgeMesh-Sequence", sequence.ToString(CultureInfo.InvariantCulture));
        }

        return await Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public Task<VerifyResult> VerifyAsync() =>
        LedgerVerifier.VerifyAsync(new HttpLogSource(Client, new Uri(Client.BaseAddress!, "ledger")), Key.VerifierKey, null, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _host.DisposeAsync();
    }
}
