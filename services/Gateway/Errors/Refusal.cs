namespace EdgeMesh.Services.Gateway.Errors;

/// <summary>What the gateway answers by itself.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Code">Stable, for programs.</param>
/// <param name="Title">What was wrong.</param>
/// <param name="Detail">Where, and what to do.</param>
internal sealed record Refusal(int Status, string Code, string Title, string Detail)
{
    /// <summary>For a method that is not allowed: those that are.</summary>
    public string? Allow { get; init; }

    public static readonly Refusal PathNotAllowed = new(StatusCodes.Status400BadRequest, "path-not-allowed", "The path has characters or segments that are not allowed.",
        "Use letters, digits, '-', '.', '_', '~', '$' and single slashes, without '.' and '..' segments; nothing percent-encoded.");

    public static readonly Refusal RouteUnknown = new(StatusCodes.Status404NotFound, "route-unknown", "There is nothing at this path.",
        "This door serves /console, /fhir, /receipts, /functions, /deployments, /ledger, /monitor, /healthz and /readyz.");

    public static readonly Refusal TooManyRequests = new(StatusCodes.Status429TooManyRequests, "too-many-requests", "Too many requests are under way.",
        "Try again after the time in Retry-After.");

    public static readonly Refusal BodyCutOff = new(StatusCodes.Status400BadRequest, "body-cut-off", "The request's body is incomplete, or its framing is broken.",
        "Nothing was passed on or stored. Send the whole request again.");

    public static readonly Refusal BodyTooSlow = new(StatusCodes.Status408RequestTimeout, "body-too-slow", "The request's body came too slowly.",
        "Nothing was passed on or stored. Send it again over a better connection, or in smaller parts.");

    public static readonly Refusal TimedOut = new(StatusCodes.Status504GatewayTimeout, "request-timeout", "The service did not answer in time.",
        "A write may or may not have happened: read before you send it again, or send it with If-None-Exist or If-Match.");

    public static readonly Refusal Unforeseen = new(StatusCodes.Status500InternalServerError, "internal-error", "The gateway failed.",
        "The site's log has the reason.");

    public static Refusal MethodNotAllowed(string allowed) =>
        new(StatusCodes.Status405MethodNotAllowed, "method-not-allowed", "The method is not allowed at this path.", $"Allowed: {allowed}.") { Allow = allowed };

    public static Refusal BodyTooLarge(long limit) => new(StatusCodes.Status413PayloadTooLarge, "body-too-large", "The request's body is too large.",
        $"At most {limit} bytes are taken (setting EdgeMesh:Gateway:BodyLimit). Send less, or in parts.");

    public static Refusal ServiceAway(string service) => new(StatusCodes.Status503ServiceUnavailable, "service-unavailable", $"The service '{service}' does not answer.",
        "Try again after the time in Retry-After; /readyz and the site's log say what is missing.");
}
