using System.Runtime.CompilerServices;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Gateway.Credentials;

namespace EdgeMesh.Services.Gateway.Tokens;

/// <summary>States verified callers to services in signed tokens. One is used again for a while: signing costs more than all else that
/// is done for a request, and services remember what they verified.</summary>
internal sealed class CallerStatements(CallerTokens tokens, CredentialsLoader credentials, SiteIdentity identity, TimeProvider clock)
{
    private static readonly TimeSpan Reuse = TimeSpan.FromSeconds(20);

    // By reference: bearer tokens and mesh connections give the same object for the same caller, and it goes when they forget it.
    private readonly ConditionalWeakTable<Caller, Statement> _made = [];

    public string Sign(Caller caller)
    {
        var now = clock.GetUtcNow();
        if (_made.TryGetValue(caller, out var statement) && statement.Until > now)
        {
            return statement.Token;
        }

        var token = tokens.Sign(caller, identity.Site, credentials.Current.CallerSigningKey);
        _made.AddOrUpdate(caller, new Statement(token, now + Reuse));
        return token;
    }

    private sealed record Statement(string Token, DateTimeOffset Until);
}
