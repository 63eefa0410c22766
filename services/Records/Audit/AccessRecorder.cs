using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using EdgeMesh.Keyring;
using EdgeMesh.Replication;

namespace EdgeMesh.Services.Records.Audit;

/// <summary>Seals audit events, and journals those that no commit carries.</summary>
internal sealed class AccessRecorder(Keyring.Keyring keyring, Journal access)
{
    private static readonly KeyScope Scope = new("site", "AUDIT");

    /// <summary>The event as the bytes that a journal holds.</summary>
    public async ValueTask<ImmutableArray<ReadOnlyMemory<byte>>> SealAsync(AccessEvent access, CancellationToken cancellation)
    {
        var text = JsonSerializer.SerializeToUtf8Bytes(new AccessEventText(access), AccessEventJson.Default.AccessEventText);
        return [await keyring.SealAsync(Scope, text, Encoding.UTF8.GetBytes(nameof(AccessEvent)), cancellation)];
    }

    /// <summary>Journals an event; returns its position once it is durable.</summary>
    /// <exception cref="JournalUnavailableException">It could not be written: nothing may be answered.</exception>
    public async ValueTask<Position> RecordAsync(AccessEvent accessEvent, CancellationToken cancellation)
    {
        var result = await access.CommitAsync(new Commit { Events = await SealAsync(accessEvent, cancellation) }, cancellation);
        return result is CommitResult.Committed committed
            ? committed.At
            : throw new JournalUnavailableException("The access journal takes no event now; ask again in a second.");
    }
}
