using EdgeMesh.Services.Records.Indexing;
using EdgeMesh.Services.Records.Resources;
using R4 = Hl7.Fhir.Model;

namespace EdgeMesh.Services.Records.Tests.Indexing;

public sealed class SearchParametersTests
{
    [Fact]
    public void Of_EveryServedType_CompilesEveryBranchOfTheModelsExpressions()
    {
        string[] served = ["patient", "subject", "identifier", "name", "category", "code", "date", "status"];
        var unknown = R4.ModelInfo.SearchParameters
            .Where(p => p is { Resource: not null, Name: not null } && served.Contains(p.Name) && FhirModel.IsServed(p.Resource))
            .SelectMany(p => ElementPath.Unknown(p.Resource!, p.Expression ?? "").Select(branch => $"{p.Resource}.{p.Name}: {branch}"));

        Assert.Empty(unknown);
    }

    [Fact]
    public void Of_Types_NameWhatTheDesignPromises()
    {
        var parameters = new SearchParameters();

        Assert.Equal(["identifier", "name"], parameters.Of("Patient").Select(p => p.Name));
        Assert.Equal(["patient", "subject", "identifier", "category", "code", "date", "status"], parameters.Of("Observation").Select(p => p.Name));
        Assert.Empty(parameters.Of("Bundle"));
        Assert.True(FhirModel.ServedTypes().Count > 130);
    }

    [Theory]
    [InlineData("Mejía", "mejia")]
    [InlineData("O'Brien", "obrien")]
    [InlineData("  Maria-José  van  der ", "maria jose van der")]
    [InlineData("STRAßE", "strasse")]
    [InlineData("e\u0301", "e")]
    [InlineData("李", "李")]
    public void Fold_Text_IsPlain(string text, string folded) => Assert.Equal(folded, TextFolding.Fold(text));
}
