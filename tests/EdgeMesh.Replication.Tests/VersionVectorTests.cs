using CsCheck;

namespace EdgeMesh.Replication.Tests;

public sealed class VersionVectorTests
{
    private static readonly Gen<VectorEntry> Entry =
        Gen.Select(Gen.OneOf(Gen.Const("clinic-a"), Gen.Const("clinic-b"), Gen.Const("core"), Gen.Const("x.y")), Gen.UInt[0, 2], Gen.Long[1, 4], (site, epoch, counter) => new VectorEntry(site, epoch, counter));

    private static readonly Gen<VersionVector> Vector = Entry.Array[0, 6].Select(VersionVector.Of);

    [Fact]
    public void ToString_AnyVector_ParsesBackToTheSame() => Vector.Sample(vector =>
        VersionVector.TryParse(vector.ToString(), out var parsed) && parsed.Equals(vector) && parsed.GetHashCode() == vector.GetHashCode());

    [Fact]
    public void CompareTo_Swapped_IsTheMirror() => Gen.Select(Vector, Vector).Sample((a, b) => (a.CompareTo(b), b.CompareTo(a)) switch
    {
        (VectorOrder.Before, VectorOrder.After) or (VectorOrder.After, VectorOrder.Before) => true,
        var (left, right) => left == right,
    });

    [Fact]
    public void CompareTo_EveryPair_AgreesWithItsDefinition() => Gen.Select(Vector, Vector).Sample((a, b) =>
    {
        bool less = b.Entries.Any(e => a[e.Site, e.Epoch] < e.Counter), more = a.Entries.Any(e => b[e.Site, e.Epoch] < e.Counter);
        var common = a.Entries.Any(e => b[e.Site, e.Epoch] > 0);
        return a.CompareTo(b) == ((less, more) switch
        {
            (false, false) => VectorOrder.Equal,
            (true, false) => VectorOrder.Before,
            (false, true) => VectorOrder.After,
            _ => common ? VectorOrder.Concurrent : VectorOrder.Unrelated,
        });
    });

    [Fact]
    public void Merge_AnyVectors_IsTheLeastThatIncludesBoth() => Gen.Select(Vector, Vector, Vector).Sample((a, b, c) =>
    {
        var merged = a.Merge(b);
        return merged.Includes(a) && merged.Includes(b)
            && merged.Equals(b.Merge(a))
            && merged.Merge(c).Equals(a.Merge(b.Merge(c)))
            && (!(c.Includes(a) && c.Includes(b)) || c.Includes(merged));
    });

    [Fact]
    public void Increment_AnyVector_Descends() => Gen.Select(Vector, Entry).Sample((vector, entry) =>
        vector.Increment(entry.Site, entry.Epoch).CompareTo(vector) == VectorOrder.After);

    [Fact]
    public void Of_SameEntriesInAnyOrder_IsTheSameVector() => Entry.Array[0, 6].Sample(entries =>
        VersionVector.Of(entries).Equals(VersionVector.Of(entries.Reverse())));

    [Theory]
    [InlineData("clinic-a.1:0")]
    [InlineData("clinic-a.1:01")]
    [InlineData("clinic-a.1: 1")]
    [InlineData("clinic-a:1")]
    [InlineData(".1:1")]
    [InlineData("b.1:1,a.1:1")]
    [InlineData("a.1:1,a.1:2")]
    [InlineData("a.1:1,")]
    [InlineData(",")]
    [InlineData("a.1:-1")]
    [InlineData("a.99999999999:1")]
    [InlineData(null)]
    public void TryParse_NotCanonical_IsRefused(string? text) => Assert.False(VersionVector.TryParse(text, out _));
}
