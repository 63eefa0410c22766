using System.Net;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Records.Http;

namespace EdgeMesh.Services.Records.Sharing;

/// <summary>What the owner of a record answered to a user of this site.</summary>
/// <param name="Status">200, 404, 410; 503 when the owner can't be reached.</param>
/// <param name="Body">The resource.</param>
/// <param name="VersionId">Its version.</param>
/// <param name="LastModified">When that was made.</param>
/// <param name="Rule">The consent, version and rule by which its owner showed it.</param>
internal sealed record RemoteAnswer(int Status, ReadOnlyMemory<byte> Body, string? VersionId, DateTimeOffset? LastModified, string? Rule = null);

/// <summary>Asks another site for a record that is not held here, in the name of the user. The owner alone decides what that user sees.</summary>
internal sealed class RemoteRecords(MeshDirectory directory, AppClients apps)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>The other site whose id it is; null when it is this site's, or nobody's.</summary>
    public SiteEntry? OwnerOf(string id)
    {
        var hyphen = id.LastIndexOf('-');
        var site = hyphen <= 0 ? null : directory.Find(id[..hyphen]);
        return site is not null && site.Name != directory.Self && site.MeshUrl is not null ? site : null;
    }

    /// <param name="owner">Whom to ask.</param>
    /// <param name="path">Below the FHIR base, such as <c>Patient/clinic-a-x1</c>.</param>
    /// <param name="callerToken">The user's own caller token; the gateway signs it anew for the owner.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public async Task<RemoteAnswer> ReadAsync(SiteEntry owner, string path, string callerToken, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"mesh/{owner.Name}/mesh/records/fhir/{path}");
        request.Headers.TryAddWithoutValidation(CallerTokens.Header, callerToken);
        try
        {
            using var answer = await apps.Get("gateway", Limit).SendAsync(request, cancellation);
            return answer.StatusCode switch
            {
                HttpStatusCode.OK => new RemoteAnswer(200, await answer.Content.ReadAsByteArrayAsync(cancellation), Version(answer), answer.Content.Headers.LastModified, Rule(answer)),
                HttpStatusCode.Gone => new RemoteAnswer(410, default, Version(answer), answer.Content.Headers.LastModified),
                >= HttpStatusCode.InternalServerError => new RemoteAnswer(503, default, null, null),
                _ => new RemoteAnswer(404, default, null, null),
            };
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException && !cancellation.IsCancellationRequested)
        {
            return new RemoteAnswer(503, default, null, null);
        }
    }

    private static string? Rule(HttpResponseMessage answer) =>
        answer.Headers.TryGetValues(AnswerWriter.RuleHeader, out var rules) ? rules.FirstOrDefault() : null;

    private static string? Version(HttpResponseMessage answer) => answer.Headers.ETag?.Tag.Trim('"');
}
