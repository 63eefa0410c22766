using EdgeMesh.Services.Records.Consents;

namespace EdgeMesh.Services.Records.Tests.Consents;

public sealed class ConsentIndexTests
{
    [Fact]
    public async Task Set_NewVersion_NoReaderEverSeesThePatientWithout()
    {
        var index = new ConsentIndex();
        index.Set("deny", new ConsentDirective("deny", "0", "p", null!));
        using var done = new CancellationTokenSource();
        var reader = Task.Run(() =>
        {
            var missing = 0L;
            while (!done.IsCancellationRequested)
            {
                missing += index.For("p").IsEmpty ? 1 : 0;
            }

            return missing;
        }, TestContext.Current.CancellationToken);

        for (var version = 1; version <= 200_000; version++)
        {
            index.Set("deny", new ConsentDirective("deny", "n", "p", null!));
        }

        await done.CancelAsync();
        Assert.Equal(0, await reader);
    }

    [Fact]
    public void Set_AnotherPatient_LeavesTheFormer()
    {
        var index = new ConsentIndex();
        index.Set("c", new ConsentDirective("c", "1", "a", null!));
        index.Set("c", new ConsentDirective("c", "2", "b", null!));

        Assert.Empty(index.For("a"));
        Assert.Equal("2", Assert.Single(index.For("b")).Version);
        Assert.Equal("b", index.PatientOf("c"));
    }

    [Fact]
    public void Set_Nothing_RemovesIt()
    {
        var index = new ConsentIndex();
        index.Set("c", new ConsentDirective("c", "1", "a", null!));
        index.Set("c", null);

        Assert.Empty(index.For("a"));
        Assert.Null(index.PatientOf("c"));
    }
}
