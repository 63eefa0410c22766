using EdgeMesh.Services.Gateway.Errors;

namespace EdgeMesh.Services.Gateway.MeshOut;

/// <summary>Why a local service's request did not reach another site.</summary>
internal static class MeshRefusals
{
    public static readonly Refusal PathUnknown = new(StatusCodes.Status404NotFound, "route-unknown", "There is nothing at this path.",
        "Another site's service is at /mesh/SITE/mesh/…; the names of the sites are at /mesh/peers.");

    public static readonly Refusal NotForwardable = new(StatusCodes.Status403Forbidden, "caller-not-forwardable", "Only a user of this site can be spoken for at another.",
        "Leave X-EdgeMesh-Caller out to ask in the site's own name.");

    public static Refusal SiteUnknown(string site, IEnumerable<string> known) => new(StatusCodes.Status404NotFound, "site-unknown", $"'{site}' is no other site of this mesh.",
        $"Reachable from here: {string.Join(", ", known)}. mesh.json has them all.");

    public static Refusal Unreachable(string site, int status, string reason) => new(status, "site-unreachable", $"The site '{site}' can't be reached.",
        $"{reason} Work goes on without it; what is missed is caught up with later.");

    /// <summary>Unlike one that never began, it has cost the link something.</summary>
    public static Refusal BrokenOff(string site) => new(StatusCodes.Status503ServiceUnavailable, "link-broken", $"The link to the site '{site}' broke while the request was on its way.",
        "Whether it arrived is not known. Work goes on without it; what is missed is caught up with later.");

    public static Refusal NotTrusted(string site) => new(StatusCodes.Status502BadGateway, "site-not-trusted", $"What answers at the address of the site '{site}' is not that site.",
        "Its certificate is not of this mesh's authority, or names another site. Compare meshUrl in mesh.json, and the secrets of both sites.");
}
