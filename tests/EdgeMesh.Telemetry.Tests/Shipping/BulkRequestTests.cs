using System.Text;

namespace EdgeMesh.Telemetry.Tests.Shipping;

/// <summary>A body that was written beforehand is sent only for what it was written of.</summary>
public sealed class BulkRequestTests
{
    private static readonly SpooledRecord[] Three = [.. Enumerable.Range(0, 3).Select(n => new SpooledRecord($"id-{n}", Encoding.UTF8.GetBytes($$"""{"message":"event {{n}}"}""")))];

    [Theory]
    [InlineData(0, 3, 0, true)]
    [InlineData(0, 3, -1, true)]
    [InlineData(0, 3, 5, false)]
    [InlineData(0, 2, 0, false)]
    [InlineData(1, 3, 0, false)]
    public void Holds_WhatItWasWrittenOf_AndNothingElse(int from, int to, int secondsAhead, bool expected)
    {
        var request = new BulkRequest();
        request.Write(Three, TimeSpan.Zero);

        Assert.Equal(expected, request.Holds(Three.AsSpan(from..to), TimeSpan.FromSeconds(secondsAhead)));
    }

    [Fact]
    public void Holds_AsManyOthers_IsFalse()
    {
        var request = new BulkRequest();
        request.Write(Three.AsSpan(..2), TimeSpan.Zero);

        Assert.False(request.Holds(Three.AsSpan(1..), TimeSpan.Zero));
    }

    [Fact]
    public void Write_AServersClockThatIsAhead_StandsOnEachRecord()
    {
        var request = new BulkRequest();
        request.Write(Three.AsSpan(..1), TimeSpan.FromSeconds(5));

        Assert.Equal("{\"create\":{\"_id\":\"id-0\"}}\n{\"message\":\"event 0\",\"edgemesh.clock_offset_ms\":5000}\n", Encoding.UTF8.GetString(FakeIndex.Unzip(request.Body.ToArray())));
    }
}
