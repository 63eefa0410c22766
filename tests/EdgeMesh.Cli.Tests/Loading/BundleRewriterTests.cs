using System.Text;
using EdgeMesh.Cli.Loading;

namespace EdgeMesh.Cli.Tests.Loading;

public sealed class BundleRewriterTests
{
    [Fact]
    public void Read_RepeatedPractitioner_BecomesAConditionalCreate()
    {
        var (bundle, _) = Read("""
            {"resourceType":"Bundle","type":"transaction","entry":[
              {"resource":{"resourceType":"Practitioner","identifier":[{"system":"http://hl7.org/fhir/sid/us-npi","value":"150 a"}]},"request":{"method":"POST","url":"Practitioner"}},
              {"resource":{"resourceType":"Organization","identifier":[{"value":"x"}]},"request":{"method":"POST","url":"Organization","ifNoneExist":"name=x"}},
              {"resource":{"resourceType":"Patient","identifier":[{"value":"p"}]},"request":{"method":"POST","url":"Patient"}}]}
            """);

        var requests = bundle!["entry"]!.AsArray().Select(e => e!["request"]!["ifNoneExist"]?.ToString()).ToArray();
        Assert.Equal(["identifier=http%3A%2F%2Fhl7.org%2Ffhir%2Fsid%2Fus-npi|150%20a", "name=x", null], requests);
    }

    [Theory]
    [InlineData("{ torn", "is not JSON")]
    [InlineData("[]", "no resourceType")]
    [InlineData("""{"resourceType":"Patient"}""", "is a Patient")]
    [InlineData("""{"resourceType":"Bundle","type":"searchset","entry":[]}""", "of type 'searchset'")]
    [InlineData("""{"resourceType":"Bundle","type":"transaction"}""", "no entries")]
    [InlineData("""{"resourceType":"Bundle","type":"batch","entry":[{"resource":{}}]}""", "without resource and request")]
    public void Read_NotABundle_SaysWhatItIs(string text, string fault) =>
        Assert.Contains(fault, Read(text).Fault, StringComparison.Ordinal);

    private static (System.Text.Json.Nodes.JsonObject? Bundle, string? Fault) Read(string text) => BundleRewriter.Read(Encoding.UTF8.GetBytes(text));
}
