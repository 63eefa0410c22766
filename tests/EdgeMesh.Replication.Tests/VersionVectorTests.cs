using CsCheck;

namespace EdgeMesh.Replication.Tests;

public sealed class VersionVectorTests
{
    private static readonly Gen<VersionVector> Vectors =
        Gen.Select(Gen.Int[0, 2].Select(i => "abc"[i].ToString()), Gen.UInt[1, 2], Gen.Long[1, 4]).Array[0, 5].Select(VersionVector.Of);

    [Fact]
    public void Compare_Swapped_IsMirrored() => Gen.Select(Vectors, Vectors).Sample(pair =>
        (pair.Item1.CompareTo(pair.Item2), pair.Item2.CompareTo(pair.Item1)) switch
        {
            (VectorOrder.Before, VectorOrder.After) or (VectorOrder.After, VectorOrder.Before) => true,
            var (a, b) => a == b && a is not (VectorOrder.Before or VectorOrder.After),
        });

    [Fact]
    public void Merge_DescendsFromBoth() => Gen.Select(Vectors, Vectors).Sample(pair =>
    {
        var merged = pair.Item1.Merge(pair.Item2);
        return merged.CompareTo(pair.Item1) is VectorOrder.Equal or VectorOrder.After && merged.CompareTo(pair.Item2) is VectorOrder.Equal or VectorOrder.After;
    });

    [Fact]
    public void Codec_RoundTrip_IsEqual() => Vectors.Sample(v => Codec.FromWire(Codec.ToWire(v)).Equals(v));

    [Fact]
    public void Position_Text_RoundTripsAndHasOneSpelling()
    {
        Gen.Select(Gen.UInt, Gen.Long[0, long.MaxValue], Gen.Int[0, int.MaxValue]).Sample(p =>
            Position.TryParse(new Position(p.Item1, p.Item2, p.Item3).ToString(), out var read) && read == new Position(p.Item1, p.Item2, p.Item3));
        Assert.All(["1.2", "01.2.3", "1.2.3.4", "-1.2.3", "1. 2.3", "", "1.2.+3"], text => Assert.False(Position.TryParse(text, out _)));
    }
}
