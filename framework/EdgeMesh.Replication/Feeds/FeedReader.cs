using Wire = EdgeMesh.Replication.Wire;

namespace EdgeMesh.Replication;

/// <summary>Asks another site for pages of a journal.</summary>
internal sealed class FeedReader(HttpClient gateway, JournalName journal, FeedMode mode)
{
    private const int PageLimit = 16 * 1024 * 1024;

    /// <summary>The next page; null when the site can't be reached or refuses.</summary>
    public async Task<(Wire.FeedPage? Page, string? Failure)> ReadAsync(Position after, CancellationToken cancellation)
    {
        try
        {
            var address = $"mesh/{journal.Site}/mesh/feed/{journal}?after={after}&mode={(mode == FeedMode.Mirror ? "mirror" : "shared")}";
            using var answer = await gateway.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (!answer.IsSuccessStatusCode)
            {
                return (null, $"{(int)answer.StatusCode} {answer.ReasonPhrase}");
            }

            await answer.Content.LoadIntoBufferAsync(PageLimit, cancellation);
            var page = Wire.FeedPage.Parser.ParseFrom(await answer.Content.ReadAsByteArrayAsync(cancellation));
            return page.Format > Codec.Format || page.Records.Any(r => !Enum.IsDefined((RecordKind)r.Record.Kind))
                ? (null, $"upgrade needed: {journal.Site} sends records that this version does not know")
                : (page, null);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or Google.Protobuf.InvalidProtocolBufferException or TaskCanceledException && !cancellation.IsCancellationRequested)
        {
            return (null, error.Message);
        }
    }
}
