using System.Net;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Where stores differ from each other, and both engines do not.</summary>
/// <param name="FirstWriteOfATakenKey">The answer to a first-write of a key that is there.</param>
/// <param name="TellsExpiry">Whether a value's expiry is in the answer's metadata.</param>
public sealed record StateTraits(HttpStatusCode FirstWriteOfATakenKey, bool TellsExpiry)
{
    public static readonly StateTraits Usual = new(HttpStatusCode.Conflict, TellsExpiry: true);

    public static readonly StateTraits Postgresql = Usual with { FirstWriteOfATakenKey = HttpStatusCode.InternalServerError };

    public static readonly StateTraits Redis = new(HttpStatusCode.InternalServerError, TellsExpiry: false);
}
