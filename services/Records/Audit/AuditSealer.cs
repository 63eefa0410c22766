using System.Collections.Immutable;
using EdgeMesh.Hosting;
using EdgeMesh.Keyring;

namespace EdgeMesh.Services.Records.Audit;

/// <summary>Turns events into ledger entries, and back for those who may read them.</summary>
internal sealed class AuditSealer(SiteIdentity identity, Keyring.Keyring keyring, AccessLog log)
{
    private const string AuditClass = "AUDIT";
    private const string SiteSubject = "site";

    /// <summary>Resources that one AuditEvent names; an event with more is split.</summary>
    private const int ResourcesPerEvent = 400;

    /// <summary>The entries of one event: one, but for a bundle that names very many resources.</summary>
    public async ValueTask<ImmutableArray<ReadOnlyMemory<byte>>> SealAsync(AccessEvent access, CancellationToken cancellation)
    {
        if (access.Resources.Length <= ResourcesPerEvent)
        {
            return [await SealOneAsync(access, cancellation)];
        }

        var entries = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>();
        foreach (var chunk in access.Resources.Chunk(ResourcesPerEvent))
        {
            entries.Add(await SealOneAsync(access with { Resources = [.. chunk] }, cancellation));
        }

        return entries.ToImmutable();
    }

    /// <summary>The AuditEvent of an entry; null when its key was destroyed or it is not ours.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> OpenAsync(ReadOnlyMemory<byte> entry, CancellationToken cancellation)
    {
        if (!AuditEntry.TrySplit(entry, out var header, out var envelope))
        {
            return null;
        }

        var opened = await keyring.OpenAsync(envelope, header, cancellation);
        return opened.Failure is null ? opened.Plaintext : (ReadOnlyMemory<byte>?)null;
    }

    private async ValueTask<ReadOnlyMemory<byte>> SealOneAsync(AccessEvent access, CancellationToken cancellation)
    {
        var text = AuditEventWriter.Write(access, identity.Site);
        if (text.Length > AuditEntry.MaxEvent)
        {
            text = AuditEventWriter.Write(access with { Query = null, Resources = [] }, identity.Site);
        }

        var patient = access.Patient is { } id ? keyring.Pseudonym("patient", id) : null;
        var actor = keyring.Pseudonym("actor", $"{access.Caller.Site}/{access.Caller.Subject}");
        log.Tell(access, patient, actor);
        var header = AuditEntry.Header(AuditEntry.NewId(), access.Recorded, access.Outcome, identity.Site, patient, actor);
        var scope = new KeyScope(access.Patient is { } subject ? $"Patient/{subject}" : SiteSubject, AuditClass);
        var envelope = await keyring.SealAsync(scope, text, header, cancellation);
        var entry = new byte[header.Length + envelope.Length];
        header.CopyTo(entry, 0);
        envelope.CopyTo(entry.AsMemory(header.Length));
        return entry;
    }
}
