using EdgeMesh.Hosting;
using EdgeMesh.Services.Gateway.Tokens;

namespace EdgeMesh.Services.Gateway.Tests.Tokens;

public sealed class FhirScopesTests
{
    [Theory]
    [InlineData("GET", "/fhir/Patient/1", "user/Patient.r", "user/Patient.cuds")]
    [InlineData("HEAD", "/fhir/Patient/1", "user/*.r", "user/Observation.r")]
    [InlineData("GET", "/fhir/Patient/1/_history", "user/Patient.r", "user/Patient.cuds")]
    [InlineData("GET", "/fhir/Patient", "user/Patient.s", "user/Patient.crud")]
    [InlineData("POST", "/fhir/Patient/_search", "user/Patient.s", "user/Patient.c")]
    [InlineData("POST", "/fhir/Patient", "user/Patient.c", "user/Patient.ruds")]
    [InlineData("PUT", "/fhir/Patient/1", "user/Patient.u", "user/Patient.crds")]
    [InlineData("PATCH", "/fhir/Patient/1", "user/Patient.write", "user/Patient.read")]
    [InlineData("DELETE", "/fhir/Patient/1", "user/Patient.d", "user/Patient.crus")]
    [InlineData("GET", "/fhir/Patient/1/$everything", "patient/Patient.r", "patient/Observation.rs")]
    [InlineData("POST", "/fhir/Patient/$match", "system/Patient.s", "system/Patient.cud")]
    [InlineData("POST", "/fhir", "user/Observation.c", "openid")]
    [InlineData("POST", "/fhir/", "user/Observation.r", "launch/patient")]
    [InlineData("GET", "/fhir/_history", "user/Observation.r", "user/Observation.c")]
    [InlineData("GET", "/fhir/patient/1", "user/*.r", "user/Patient.r")]
    public void Check_ARequest_NeedsAScopeThatCoversIt(string method, string path, string covers, string doesNot)
    {
        Assert.Null(FhirScopes.Check(With(covers), method, path));
        Assert.Null(FhirScopes.Check(With("openid", doesNot, covers), method, path));
        Assert.Equal("scope-missing", FhirScopes.Check(With(doesNot), method, path)?.Code);
        Assert.Equal("scope-missing", FhirScopes.Check(With(), method, path)?.Code);
    }

    private static Caller With(params string[] scopes) => new() { Kind = CallerKind.User, Subject = "u", Site = "s", Scopes = [.. scopes] };
}
