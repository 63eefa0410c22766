using EdgeMesh.Services.Gateway.Errors;

namespace EdgeMesh.Services.Gateway.Tokens;

/// <summary>Why a bearer token is not taken. None of them says what the gateway would have believed.</summary>
internal static class TokenFaults
{
    public static readonly Refusal Missing = Refused("token-missing", "A bearer token is missing.", "Send the header Authorization: Bearer TOKEN; `edgemesh token` makes one for development.");

    public static readonly Refusal Malformed = Refused("token-malformed", "The bearer token can't be read.", "Send one JSON Web Token with sub, iss, aud and exp, in one Authorization header, of at most 8 KiB.");

    public static readonly Refusal WrongIssuer = Refused("token-wrong-issuer", "The token is of an issuer that this site does not know.", "Get a token of the site's own issuer.");

    public static readonly Refusal Forged = Refused("token-forged", "The token's signature does not verify.", "Get a new token of the issuer; if it is new, the site may not know the issuer's new key yet.");

    public static readonly Refusal Expired = Refused("token-expired", "The token has expired.", "Get a new token.");

    public static readonly Refusal NotYet = Refused("token-not-yet-valid", "The token is not good yet.", "Wait, or compare the clocks of the issuer and of this site.");

    public static readonly Refusal WrongAudience = Refused("token-wrong-audience", "The token is meant for somebody else.", "Get a token whose audience is the address of this site.");

    public static readonly Refusal WrongSite = Refused("token-wrong-site", "The token is not good at this site.", "Get a token whose claim 'site' names this site.");

    private static Refusal Refused(string code, string title, string detail) => new(StatusCodes.Status401Unauthorized, code, title, detail);
}
