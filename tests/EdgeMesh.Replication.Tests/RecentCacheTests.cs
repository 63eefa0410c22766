using EdgeMesh.Replication.Storage;
using EdgeMesh.Replication.Writing;

namespace EdgeMesh.Replication.Tests;

public sealed class RecentCacheTests
{
    [Fact]
    public void Set_OfManyTinyValues_CountsWhatTheirEntriesTake()
    {
        var cache = new RecentCache<int, byte>(limit: 100_000, _ => 1);

        for (var i = 0; i < 10_000; i++)
        {
            cache.Set(i, 1);
        }

        Assert.InRange(Enumerable.Range(0, 10_000).Count(i => cache.TryGet(i, out _)), 1, 1_000);
    }

    [Fact]
    public void TryGet_OfTheLastValue_FindsIt()
    {
        var cache = new RecentCache<int, byte>(limit: 1_000, _ => 1);

        for (var i = 0; i < 100; i++)
        {
            cache.Set(i, (byte)i);
            Assert.True(cache.TryGet(i, out var value) && value == i);
        }
    }

    [Theory]
    [InlineData(100, 1)]
    [InlineData(3_000, 1)]
    [InlineData(500, 40)]
    public void Close_OfAPack_HoldsAtMostTwiceItsBodies(int length, int bodies)
    {
        var packer = new BodyPacker((kind, number) => $"{kind}{number}");
        for (var i = 0; i < bodies; i++)
        {
            packer.Place(new byte[length]);
        }

        var held = packer.Close().Sum(v => System.Runtime.InteropServices.MemoryMarshal.TryGetArray(v.Value, out var part) ? part.Array!.Length : v.Value.Length);

        Assert.InRange(held, length * bodies, length * bodies * 2);
    }
}
