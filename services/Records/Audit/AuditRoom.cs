using EdgeMesh.Hosting;
using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Search;

namespace EdgeMesh.Services.Records.Audit;

/// <summary>The audit of both journals: what ships their events to the ledger, and what reads them back.</summary>
internal sealed class AuditRoom : IAsyncDisposable
{
    private readonly IReadOnlyList<FollowerLoop> _shippers;

    public AuditRoom(
        IReadOnlyList<Journal> journals, AuditSealer sealer, Keyring.Keyring keyring, CursorSeal cursors, IJournalStore store, SiteIdentity identity, AppClients apps, TimeProvider clock, ILogger<FollowerLoop> logger)
    {
        Progress = new AuditProgress(identity, store);
        Reader = new AuditReader(journals, sealer);
        Search = new AuditSearch(Reader, Progress, keyring, cursors);
        _shippers = [.. journals.Select(j => new FollowerLoop(j, new LedgerShipper(j.Name, apps, Progress), clock, logger))];
    }

    public AuditProgress Progress { get; }

    public AuditReader Reader { get; }

    public AuditSearch Search { get; }

    public void Start()
    {
        foreach (var shipper in _shippers)
        {
            shipper.Start();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var shipper in _shippers)
        {
            await shipper.DisposeAsync();
        }

        Progress.Dispose();
    }
}
