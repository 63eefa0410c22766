namespace EdgeMesh.Hosting;

/// <summary>Signs and verifies caller tokens: ES256 JWTs of at most a minute, issued by a gateway, checked by the services of its site
/// and, for forwarded user claims, by other sites.</summary>
public sealed class CallerTokens
{
    /// <summary>The header that carries the token between the gateway and services.</summary>
    public const string Header = "X-EdgeMesh-Caller";

    /// <summary>The header that carries user claims signed by the gateway of the site that forwards a user's read.</summary>
    public const string ForwardedHeader = "X-EdgeMesh-Forwarded-Caller";
}
