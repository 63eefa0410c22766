using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using EdgeMesh.Hosting;
using EdgeMesh.Ledger;

namespace EdgeMesh.Services.Ledger.Witnessing;

/// <summary>A witness's word, as it came over the link.</summary>
/// <param name="Status">Its status; null: the site was not reached, or answered nothing that a witness says.</param>
/// <param name="Cosignature">With 200: its cosignature, verified.</param>
/// <param name="Size">With 409: the size that it cosigned last.</param>
internal readonly record struct WitnessWord(HttpStatusCode? Status, NoteSignature? Cosignature = null, long Size = 0);

/// <summary>Asks another site's witness, through this site's gateway.</summary>
internal sealed class WitnessClient(AppClients apps, string site, VerifierKey witness)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    public async Task<WitnessWord> AddAsync(AddCheckpoint request, CancellationToken cancellation)
    {
        try
        {
            using var client = Client();
            using var content = new ByteArrayContent(request.ToBytes());
            using var answer = await client.PostAsync($"mesh/{site}/mesh/ledger/add-checkpoint", content, cancellation);
            return answer.StatusCode switch
            {
                HttpStatusCode.OK => NoteSignature.ParseLines(await answer.Content.ReadAsStringAsync(cancellation))?.FirstOrDefault(line => Cosignature.Verify(witness, request.Note.Text, line) is not null) is { } line
                    ? new(answer.StatusCode, line) : default,
                HttpStatusCode.Conflict => long.TryParse((await answer.Content.ReadAsStringAsync(cancellation)).AsSpan().TrimEnd('\n'), NumberStyles.None, CultureInfo.InvariantCulture, out var size)
                    ? new(answer.StatusCode, Size: size) : default,
                HttpStatusCode.UnprocessableEntity or HttpStatusCode.Forbidden or HttpStatusCode.NotFound or HttpStatusCode.BadRequest => new(answer.StatusCode),
                _ => default,
            };
        }
        catch (Exception error) when (IsAway(error, cancellation))
        {
            return default;
        }
    }

    /// <summary>The checkpoint of a log that it cosigned last; null: it never did, or keeps nothing that the log signed.</summary>
    public async Task<(bool IsReached, Checkpoint? Last)> LastAsync(VerifierKey log, string logSite, CancellationToken cancellation)
    {
        try
        {
            using var client = Client();
            using var answer = await client.GetAsync($"mesh/{site}/mesh/ledger/witness/{logSite}", cancellation);
            return answer.StatusCode switch
            {
                HttpStatusCode.OK => (true, await answer.Content.ReadFromJsonAsync<WitnessedNotes>(cancellation) is { Checkpoint: { } note }
                    && Checkpoint.TryOpen(Encoding.UTF8.GetBytes(note), log, out var checkpoint) ? checkpoint : null),
                HttpStatusCode.NotFound => (true, null),
                _ => default,
            };
        }
        catch (Exception error) when (error is JsonException || IsAway(error, cancellation))
        {
            return default;
        }
    }

    private static bool IsAway(Exception error, CancellationToken cancellation) =>
        error is HttpRequestException || (error is OperationCanceledException && !cancellation.IsCancellationRequested);

    private HttpClient Client()
    {
        var client = apps.Get("gateway", Limit);
        // Two notes, with their line breaks escaped.
        client.MaxResponseContentBufferSize = 3 * SignedNote.MaxLength;
        return client;
    }
}
