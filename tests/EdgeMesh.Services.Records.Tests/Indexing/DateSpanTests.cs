using CsCheck;
using EdgeMesh.Services.Records.Indexing;

namespace EdgeMesh.Services.Records.Tests.Indexing;

public sealed class DateSpanTests
{
    private static readonly Gen<DateTime> Moments = Gen.DateTime[new DateTime(1900, 1, 1), new DateTime(2100, 1, 1)];
    private static readonly string[] Shapes = ["yyyy", "yyyy-MM", "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss.fff"];
    private static readonly Gen<DateSpan> Spans = Gen.Select(Moments, Gen.Int[0, 5], (at, shape) => Read(at, shape));

    [Fact]
    public void TryParse_AnyPrecision_HoldsTheMomentAndIsNoLongerThanCoarserOnes() => Gen.Select(Moments, Gen.Int[0, 4]).Sample((at, shape) =>
    {
        var (coarse, fine) = (Read(at, shape), Read(at, shape + 1));
        return coarse.From <= at.Ticks && at.Ticks < coarse.Until && coarse.From <= fine.From && fine.Until <= coarse.Until && fine.Until > fine.From;
    });

    [Fact]
    public void TryParse_WithAZone_IsThatMomentInUtc() => Gen.Select(Moments, Gen.Int[-14 * 60, 14 * 60]).Sample((at, minutes) =>
    {
        var local = new DateTimeOffset(at.AddTicks(-(at.Ticks % TimeSpan.TicksPerSecond)), TimeSpan.FromMinutes(minutes));
        return DateSpan.TryParse(local.ToString("yyyy-MM-dd'T'HH:mm:sszzz", System.Globalization.CultureInfo.InvariantCulture), out var span)
            && span.From == local.UtcTicks && span.Until == local.UtcTicks + TimeSpan.TicksPerSecond;
    });

    [Theory]
    [InlineData("")]
    [InlineData("20240101")]
    [InlineData("2024-13")]
    [InlineData("2023-02-29")]
    [InlineData("2024-01-01T25:00")]
    [InlineData("2024-01-01 10:00")]
    [InlineData("2024-1-1")]
    [InlineData("0000")]
    public void TryParse_WhatIsNoDate_IsRefused(string text) => Assert.False(DateSpan.TryParse(text, out _));

    [Fact]
    public void Prefixes_OfTwoSpans_StandAsTheSpecificationSays() => Gen.Select(Spans, Spans).Sample((date, value) =>
    {
        bool Is(DatePrefix prefix) => new DateTest(prefix, value).Matches(date);
        var before = date.Until <= value.From;
        var after = date.From >= value.Until;
        return Is(DatePrefix.Eq) != Is(DatePrefix.Ne)
            && Is(DatePrefix.Eb) == before && Is(DatePrefix.Sa) == after
            && (!before || Is(DatePrefix.Lt)) && (!after || Is(DatePrefix.Gt))
            && Is(DatePrefix.Ge) == (Is(DatePrefix.Gt) || Is(DatePrefix.Eq)) && Is(DatePrefix.Le) == (Is(DatePrefix.Lt) || Is(DatePrefix.Eq))
            && !(Is(DatePrefix.Eb) && Is(DatePrefix.Sa)) && !(Is(DatePrefix.Eq) && (before || after));
    });

    [Fact]
    public void Reach_OfATest_HoldsEveryDateThatMatches() => Gen.Select(Spans, Spans, Gen.Int[0, 7]).Sample((date, value, prefix) =>
    {
        var test = new DateTest((DatePrefix)prefix, value);
        return !test.Matches(date) || (date.Until >= test.Reach.From && date.From <= test.Reach.Until);
    });

    [Fact]
    public void TryParse_Prefix_IsReadAndUnknownOnesAreRefused()
    {
        Assert.True(DateTest.TryParse("sa2024", out var test));
        Assert.Equal(DatePrefix.Sa, test.Prefix);
        Assert.True(DateTest.TryParse("2024-05", out test));
        Assert.Equal(DatePrefix.Eq, test.Prefix);
        Assert.False(DateTest.TryParse("ap2024", out _));
        Assert.False(DateTest.TryParse("1 2024", out _));
    }

    private static DateSpan Read(DateTime at, int shape)
    {
        Assert.True(DateSpan.TryParse(at.ToString(Shapes[shape], System.Globalization.CultureInfo.InvariantCulture), out var span));
        return span;
    }
}
