using System.Text.RegularExpressions;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Gateway.MeshDoor;

/// <summary>One thing that the mesh door serves.</summary>
/// <param name="AppId">The service behind it.</param>
/// <param name="IsFeed">Whether it may take as long as a long poll.</param>
/// <param name="Topic">For announcements: the topic of <c>wan</c> to which they go, in place of a service.</param>
internal sealed partial record MeshRoute(string AppId, bool IsFeed = false, string? Topic = null)
{
    private static readonly MeshRoute Records = new("records");
    private static readonly MeshRoute Ledger = new("ledger");
    private static readonly MeshRoute Monitor = new("monitor");

    /// <summary>The route of a plain path; null: there is none.</summary>
    public static MeshRoute? Find(string method, string path) => path.Split('/') switch
    {
        ["", "mesh", "feed", var journal] when HttpMethods.IsGet(method) => Feed(journal),
        ["", "mesh", "wan", var topic] when HttpMethods.IsPost(method) && Topics().IsMatch(topic) => new MeshRoute("", Topic: topic),
        ["", "mesh", "records", { Length: > 0 }, ..] when HttpMethods.IsGet(method) || HttpMethods.IsHead(method) => Records,
        ["", "mesh", "ledger", { Length: > 0 }, ..] => Ledger,
        ["", "mesh", "monitor", { Length: > 0 }] when HttpMethods.IsPost(method) => Monitor,
        _ => null,
    };

    /// <summary>A journal is named <c>site.owner.kind</c>; its feed is the owner's. The gateway owns none: it would ask itself.</summary>
    private static MeshRoute? Feed(string journal) =>
        journal.Split('.') is [_, var owner, _] names && names.All(SiteNames.IsName) && owner != GatewayApp.AppId
            ? new MeshRoute(owner, IsFeed: true)
            : null;

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}\z")]
    private static partial Regex Topics();
}
