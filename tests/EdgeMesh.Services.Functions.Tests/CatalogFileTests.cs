using EdgeMesh.Services.Functions.Deployments;

namespace EdgeMesh.Services.Functions.Tests;

public sealed class CatalogFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public async Task Load_WhatWasSaved_IsTheSame()
    {
        new CatalogFile("1.2.3", ["bundles/a", "deployments/b"]).Save(_path);
        var loaded = await CatalogFile.LoadAsync(_path, TestContext.Current.CancellationToken);
        Assert.Equal(("1.2.3", 2), (loaded?.Position, loaded?.Keys().Count));
    }

    /// <summary>It spares a walk, and never stops one.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"position":"1.2.3"}""")]
    [InlineData("""{"position":"1.2.3","documents":[null]}""")]
    public async Task Load_WhatIsNoCatalog_IsNone(string text)
    {
        await File.WriteAllTextAsync(_path, text, TestContext.Current.CancellationToken);
        Assert.Null(await CatalogFile.LoadAsync(_path, TestContext.Current.CancellationToken));
    }
}
