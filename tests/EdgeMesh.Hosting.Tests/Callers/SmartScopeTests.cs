namespace EdgeMesh.Hosting.Tests.Callers;

public sealed class SmartScopeTests
{
    [Theory]
    [InlineData("user/*.cruds", "user", "*", ScopeActions.Create | ScopeActions.Read | ScopeActions.Update | ScopeActions.Delete | ScopeActions.Search, null)]
    [InlineData("patient/Observation.rs?category=vital-signs", "patient", "Observation", ScopeActions.Read | ScopeActions.Search, "category=vital-signs")]
    [InlineData("system/AuditEvent.r", "system", "AuditEvent", ScopeActions.Read, null)]
    [InlineData("user/Patient.read", "user", "Patient", ScopeActions.Read | ScopeActions.Search, null)]
    [InlineData("user/Patient.write", "user", "Patient", ScopeActions.Create | ScopeActions.Update | ScopeActions.Delete, null)]
    [InlineData("user/Observation.s?code=http://loinc.org|8867-4", "user", "Observation", ScopeActions.Search, "code=http://loinc.org|8867-4")]
    public void TryParse_AResourceScope_ReadsItsParts(string text, string context, string type, ScopeActions actions, string? query)
    {
        Assert.True(SmartScope.TryParse(text, out var scope));
        Assert.Equal(new SmartScope(context, type, actions, query), scope);
    }

    [Theory]
    [InlineData("")]
    [InlineData("openid")]
    [InlineData("launch/patient")]
    [InlineData("user/Patient")]
    [InlineData("user/.rs")]
    [InlineData("user/Patient.")]
    [InlineData("user/Patient.sr")]
    [InlineData("user/Patient.rr")]
    [InlineData("user/Patient.rx")]
    [InlineData("admin/Patient.rs")]
    [InlineData("/Patient.rs")]
    public void TryParse_AnythingElse_IsNoScope(string text) => Assert.False(SmartScope.TryParse(text, out _));

    [Fact]
    public void Covering_SeveralScopes_GivesThoseThatMatchWithTheirConstraints()
    {
        var caller = With("openid", "user/Observation.rs?category=laboratory", "user/*.s", "user/Patient.rs");

        Assert.Equal(["category=laboratory", null], caller.Covering("Observation", ScopeActions.Search).Select(s => s.Query));
        Assert.True(caller.Allows("Patient", ScopeActions.Read));
        Assert.False(caller.Allows("Observation", ScopeActions.Create));
        Assert.False(caller.Allows("observation", ScopeActions.Read));
    }

    [Fact]
    public void Allows_NoScopes_NothingAtAll() => Assert.False(With().Allows("Patient", ScopeActions.Read));

    private static Caller With(params string[] scopes) => new() { Kind = CallerKind.User, Subject = "u", Site = "s", Scopes = [.. scopes] };
}
