using System.Net.Http.Json;
using System.Text.Json;
using EdgeMesh.Hosting;
using EdgeMesh.Ledger;

namespace EdgeMesh.Services.Monitor.Ledgers;

/// <summary>Asks this site's ledger service what its witness keeps of another site's ledger.</summary>
internal static class WitnessQuery
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Null: the ledger service is away, or never cosigned that site's ledger.</summary>
    public static async Task<WitnessedNotes?> ReadAsync(AppClients apps, string site, CancellationToken cancellation)
    {
        try
        {
            using var client = apps.Get("ledger", Limit);
            // Two notes, with their line breaks escaped.
            client.MaxResponseContentBufferSize = 3 * SignedNote.MaxLength;
            return await client.GetFromJsonAsync<WitnessedNotes>($"ledger/witness/{site}", cancellation);
        }
        catch (Exception error) when (error is HttpRequestException or JsonException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }
}
