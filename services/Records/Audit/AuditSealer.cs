using System.Collections.Immutable;
using EdgeMesh.Hosting;
using EdgeMesh.Keyring;

namespace EdgeMesh.Services.Records.Audit;

/// <summary>Turns events into ledger entries, and back for those who may read them.</summary>
internal sealed class AuditSealer(SiteIdentity identity, Keyring.Keyring keyring, AccessLog log)
{
    private const string AuditClass = "AUDIT";
    private const string SiteSubject = "site";

    /// <summary>The entries of one event: one for each patient, and more where one would be too large. What is released, written or denied is
    /// named in them whatever their number; they follow each other in the journal.</summary>
    public async ValueTask<ImmutableArray<ReadOnlyMemory<byte>>> SealAsync(AccessEvent access, CancellationToken cancellation)
    {
        var entries = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>(1);
        var actor = keyring.Pseudonym("actor", $"{access.Caller.Site}/{access.Caller.Subject}");
        AuditPart[] parts = [.. AuditPart.Of(access)];
        for (var i = 0; i < parts.Length; i++)
        {
            var patient = parts[i].Patient is { } id ? keyring.Pseudonym("patient", id) : null;
            log.Tell(access, parts[i].Outcome, patient, actor);
            var named = 0;
            do
            {
                var text = AuditEventWriter.Write(parts[i], identity.Site, new AuditNumber(entries.Count, i < parts.Length - 1), ref named);
                entries.Add(await SealOneAsync(parts[i], patient, actor, text, cancellation));
            }
            while (named < parts[i].Resources.Length);
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

    private async ValueTask<ReadOnlyMemory<byte>> SealOneAsync(AuditPart part, string? patient, string actor, ReadOnlyMemory<byte> text, CancellationToken cancellation)
    {
        var header = AuditEntry.Header(AuditEntry.NewId(), part.Access.Recorded, part.Outcome, identity.Site, patient, actor);
        var scope = new KeyScope(part.Patient is { } subject ? $"Patient/{subject}" : SiteSubject, AuditClass);
        var envelope = await keyring.SealAsync(scope, text, header, cancellation);
        var entry = new byte[header.Length + envelope.Length];
        header.CopyTo(entry, 0);
        envelope.CopyTo(entry.AsMemory(header.Length));
        return entry;
    }
}
