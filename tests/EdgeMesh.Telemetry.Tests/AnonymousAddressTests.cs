namespace EdgeMesh.Telemetry.Tests;

public sealed class AnonymousAddressTests
{
    [Theory]
    [InlineData("/fhir/Patient", "/fhir/Patient")]
    [InlineData("/fhir/Patient/clinic-a-abc", "/fhir/Patient/{id}")]
    [InlineData("/fhir/Patient/meier", "/fhir/Patient/{id}")]
    [InlineData("/fhir/Patient/clinic-a-7/_history/3", "/fhir/Patient/{id}/_history/{id}")]
    [InlineData("/fhir/Patient/clinic-a-7/$everything", "/fhir/Patient/{id}/$everything")]
    [InlineData("fhir/Patient/_search", "fhir/Patient/_search")]
    [InlineData("/mesh/clinic-b/records/fhir/Patient/clinic-b-7", "/mesh/clinic-b/records/fhir/Patient/{id}")]
    [InlineData("/receipts/3.17.0", "/receipts/{id}")]
    [InlineData("/receipts/meier", "/receipts/{id}")]
    [InlineData("/v1.0/invoke/records/method/receipts/meier", "/v1.0/invoke/records/method/receipts/{id}")]
    [InlineData("/receipts/meier/schmidt", "/receipts/{id}/{id}")]
    [InlineData("/receipts/meier/receipts/schmidt", "/receipts/{id}/{id}/{id}")]
    [InlineData("/Receipts/meier", "/Receipts/{id}")]
    [InlineData("/FHIR/Patient/meier", "/FHIR/Patient/{id}")]
    [InlineData("/fhir/Patient/_meier", "/fhir/Patient/{id}")]
    [InlineData("/v1.0/state/heads/key/receipts/meier", "/v1.0/state/heads/{id}/receipts/{id}")]
    [InlineData("/v1.0/actors/SiteActor/clinic-a/method/receipts/meier", "/v1.0/actors/SiteActor/{id}/method/receipts/{id}")]
    [InlineData("/v1.0/state/state/meier", "/v1.0/state/state/{id}")]
    [InlineData("/orders/42/lines", "/orders/{id}/lines")]
    [InlineData("/customers/Ada%20Meier", "/customers/{id}")]
    [InlineData("/customers/Ad\u00e9le", "/customers/{id}")]
    [InlineData("/v1.0-alpha1/jobs/nightly", "/v1.0-alpha1/jobs/nightly")]
    [InlineData("/v1.0/state/heads/order-meier", "/v1.0/state/heads/{id}")]
    [InlineData("/v1.0/state/heads/transaction", "/v1.0/state/heads/transaction")]
    [InlineData("/v1.0/actors/SiteActor/clinic-a/method/Report", "/v1.0/actors/SiteActor/{id}/method/Report")]
    [InlineData("/v123456/v20261127", "/{id}/{id}")]
    [InlineData("/dapr.proto.runtime.v1.Dapr/SaveState", "/dapr.proto.runtime.v1.Dapr/SaveState")]
    [InlineData("/", "/")]
    [InlineData("", "")]
    public void OfPath_KeepsNamesOfInterfacesAndNothingElse(string path, string kept) => Assert.Equal(kept, AnonymousAddress.OfPath(path));

    [Theory]
    [InlineData("/customers/{name}", "/customers/{name}")]
    [InlineData("/customers/{**rest}", "/customers/meier/{id}")]
    [InlineData("", "/customers/meier/{id}")]
    [InlineData(null, "/customers/meier/{id}")]
    public void OfPath_ARouteThatSaysAllOfIt_StandsForIt(string? route, string kept) => Assert.Equal(kept, AnonymousAddress.OfPath("/customers/meier/7", route));

    [Theory]
    [InlineData("url.full", "https://h:8/fhir/Patient/x?name=Ada", "https://h:8/fhir/Patient/{id}")]
    [InlineData("url.full", "https://h:8?name=Ada", "https://h:8")]
    [InlineData("http.url", "https://h1.test", "https://h1.test")]
    [InlineData("Uri", "/fhir/Patient/x#Ada", "/fhir/Patient/{id}")]
    [InlineData("http.target", "/fhir/Patient?name=Ada", "/fhir/Patient")]
    [InlineData("url.query", "name=Ada", null)]
    [InlineData("dapr.api", "GET /v1.0/invoke/records/method/fhir/Patient/x", "GET /v1.0/invoke/records/method/fhir/Patient/{id}")]
    [InlineData("dapr.api", "/dapr.proto.runtime.v1.Dapr/InvokeService", "/dapr.proto.runtime.v1.Dapr/InvokeService")]
    [InlineData("db.statement", "GET /v1.0/state/heads/a||b", "GET /v1.0/state/heads/{id}")]
    [InlineData("db.query.text", "SELECT 7/2", "SELECT 7/2")]
    public void Cut_AnAttribute_KeepsWhatNamesNobody(string name, string value, string? kept) => Assert.Equal(kept, Cut(new() { [name] = value }).GetValueOrDefault(name));

    [Fact]
    public void Cut_ACallOfAnActor_KeepsItsTypeAlone()
    {
        var attributes = Cut(new() { ["dapr.actor"] = "PatientActor.meier", ["net.peer.name"] = "PatientActor.meier", ["server.address"] = "127.0.0.1" });

        Assert.Equal(["PatientActor.{id}", "PatientActor.{id}", "127.0.0.1"], [attributes["dapr.actor"], attributes["net.peer.name"], attributes["server.address"]]);
    }

    [Theory]
    [InlineData("GET /fhir/Patient/x", "GET /fhir/Patient/{id}")]
    [InlineData("GET /customers/{name}", "GET /customers/{name}")]
    [InlineData("http blab", "http blab")]
    public void OfName_TreatsPathsAsPaths(string name, string kept) => Assert.Equal(kept, AnonymousAddress.OfName(name));

    private static Dictionary<string, string?> Cut(Dictionary<string, string?> attributes)
    {
        AnonymousAddress.Cut(attributes.GetValueOrDefault, (name, _, kept) => attributes[name] = kept);
        return attributes;
    }
}
