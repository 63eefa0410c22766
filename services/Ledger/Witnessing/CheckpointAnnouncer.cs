using System.Net;
using EdgeMesh.Hosting;
using EdgeMesh.Ledger;
using EdgeMesh.Services.Ledger.Hosting;

namespace EdgeMesh.Services.Ledger.Witnessing;

/// <summary>Has this site's checkpoints cosigned by every site that it has a link to, each at its own pace: one that is away is asked again
/// with growing pauses, and holds up nobody. A witness that cosigned what this log does not begin with stops the log: it is an old copy, and to
/// sign on would fork it.</summary>
internal sealed partial class CheckpointAnnouncer(
    LedgerOpener opener, MeshDirectory directory, AppClients apps, WitnessingOptions options, TimeProvider clock, ILogger<CheckpointAnnouncer> logger) : BackgroundService
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var witnesses = directory.Sites.Where(s => s.Name != directory.Self && s.MeshUrl is not null)
            .Select(s => (s.Name, Key: VerifierKey.TryParse(s.WitnessKey, out var key) ? key : null)).Where(s => s.Key is { Type: SignatureType.CosignatureV1 });
        try
        {
            await Task.WhenAll(witnesses.Select(w => AnnounceAsync(w.Name, new WitnessClient(apps, w.Name, w.Key!), stoppingToken)).ToArray());
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    private async Task AnnounceAsync(string witness, WitnessClient client, CancellationToken cancellation)
    {
        var first = TimeSpan.FromTicks(Math.Min(FirstPause.Ticks, options.AnnounceEvery.Ticks));
        var (pause, refused) = (first, default(HttpStatusCode?));
        // Null: what it cosigned last is to be asked, and compared with this log.
        long? known = null;
        while (true)
        {
            await Task.Delay(pause, clock, cancellation);
            if (opener.Store is not { Reader.IsLoaded: true } open)
            {
                continue;
            }

            known ??= await CompareAsync(open, witness, client, cancellation);
            var growth = known is { } size ? await GrowthAsync(open, size, cancellation) : null;
            var word = growth is null ? default : await client.AddAsync(growth, cancellation);
            if (word is { Status: HttpStatusCode.OK, Cosignature: { } cosignature })
            {
                known = SizeOf(growth!.Note);
                await KeepAsync(open, growth.Note, cosignature, cancellation);
            }
            else if (word.Status is not null)
            {
                known = null;
            }

            if (word.Status is { } status and not (HttpStatusCode.OK or HttpStatusCode.Conflict) && status != refused)
            {
                LogRefused(witness, (int)status);
            }

            var isQuiet = known is not null && (growth is null || word.Status is HttpStatusCode.OK);
            (refused, pause) = (word.Status, isQuiet ? options.AnnounceEvery : Longer(pause));
        }
    }

    private async Task<AddCheckpoint?> GrowthAsync(OpenLedger open, long known, CancellationToken cancellation)
    {
        try
        {
            return await open.Reader.GrowthAsync(known, cancellation);
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            LogNoProof(error.Message);
            return null;
        }
    }

    private async Task KeepAsync(OpenLedger open, SignedNote checkpoint, NoteSignature cosignature, CancellationToken cancellation)
    {
        try
        {
            await open.Cosignatures.AddAsync(checkpoint, cosignature, cancellation);
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            // It is served from memory; after a restart the witness gives another.
            LogNotKept(error.Message);
        }
    }

    /// <summary>Asks what a witness cosigned last, and stops a log that does not begin with it. Only the log's own signature is believed:
    /// anybody can name a number.</summary>
    /// <returns>The size; null: the witness is away, or the log stopped.</returns>
    private async Task<long?> CompareAsync(OpenLedger open, string witness, WitnessClient client, CancellationToken cancellation)
    {
        if (await client.LastAsync(open.Key, directory.Self, cancellation) is not (true, var last))
        {
            return null;
        }

        try
        {
            if (last is null || await open.Reader.BeginsWithAsync(last, cancellation))
            {
                return last?.Size ?? 0;
            }
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            LogNoProof(error.Message);
            return null;
        }

        open.Sequencer.Halt($"site {witness} cosigned a checkpoint of this ledger with {last.Size} entries, and this copy with {open.Reader.Size} does not begin with them: it is an old copy, or one that was signed on from an old copy, and to sign on would fork the log. Restore the stores behind 'heads' and 'bodies' as they were last, and restart");
        return null;
    }

    private static TimeSpan Longer(TimeSpan pause) => TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));

    private static long SizeOf(SignedNote note) => Checkpoint.TryParse(note.Text, out var checkpoint) ? checkpoint.Size : 0;

    [LoggerMessage(LogLevel.Warning, "The witness of site {Witness} does not cosign this ledger: it answers {Status}")]
    private partial void LogRefused(string witness, int status);

    [LoggerMessage(LogLevel.Warning, "The ledger could not be compared with what a witness cosigned: {Reason}")]
    private partial void LogNoProof(string reason);

    [LoggerMessage(LogLevel.Warning, "A cosignature could not be kept: {Reason}")]
    private partial void LogNotKept(string reason);
}
