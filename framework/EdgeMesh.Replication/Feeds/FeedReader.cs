using System.Globalization;
using EdgeMesh.Replication.Codec;

namespace EdgeMesh.Replication.Feeds;

/// <summary>Asks another site, through the local gateway, for pages of a journal.</summary>
internal sealed class FeedReader(HttpClient gateway, JournalName journal, FeedMode mode, bool isLocal = false)
{
    private const int PageLimit = 1024 * 1024;

    /// <summary>The next page, or why there is none: the site is away, refuses, or sends what this version does not understand.</summary>
    public async Task<(Wire.FeedPage? Page, string? Failure)> ReadAsync(FeedCursor after, TimeSpan wait, CancellationToken cancellation)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, FeedProtocol.Address(journal, after, mode, wait, isLocal));
            request.Headers.Add(FeedProtocol.VersionHeader, FeedProtocol.Version.ToString(CultureInfo.InvariantCulture));
            using var answer = await gateway.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (!answer.IsSuccessStatusCode)
            {
                return (null, $"{journal.Site} answered {(int)answer.StatusCode} {answer.ReasonPhrase}");
            }

            await answer.Content.LoadIntoBufferAsync(PageLimit, cancellation);
            return Check(Wire.FeedPage.Parser.ParseFrom(await answer.Content.ReadAsByteArrayAsync(cancellation)));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException or Google.Protobuf.InvalidProtocolBufferException)
        {
            return (null, error is OperationCanceledException ? $"{journal.Site} did not answer in time" : error.Message);
        }
    }

    /// <summary>What must be understood and is not stops the feed; it is never skipped.</summary>
    private (Wire.FeedPage?, string?) Check(Wire.FeedPage page)
    {
        if (page.Journal != journal.ToString() || !FeedCursor.TryParse(page.UpTo, out _))
        {
            return (null, $"{journal.Site} sent a page of '{page.Journal}' up to '{page.UpTo}', which is not what was asked for");
        }

        return page.Format > WireModel.Current || page.Records.Any(r => r.Record is { MustUnderstand: true } record && !WireModel.IsKnown(record))
            ? (null, $"upgrade needed: {journal.Site} sends records that this version does not know")
            : (page, null);
    }
}
