using EdgeMesh.Sidecar.Resiliency;

namespace EdgeMesh.Sidecar.Tests.Resiliency;

public sealed class RecentlyUsedTests
{
    [Fact]
    public void GetOrAdd_OverTheLimit_ForgetsWhatWasNotAskedForLongest()
    {
        var made = new List<string>();
        var table = new RecentlyUsed<string, int>(2);
        foreach (var key in new[] { "a", "b", "a", "c", "a", "b" })
        {
            table.GetOrAdd(key, k =>
            {
                made.Add(k);
                return made.Count;
            });
        }

        Assert.Equal(["a", "b", "c", "b"], made);
    }
}
