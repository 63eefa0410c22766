using System.Text;
using CsCheck;

namespace EdgeMesh.Telemetry.Tests.Spool;

public sealed class SegmentFormatTests
{
    [Fact]
    public void Crc_OfThePublishedVector_IsThePublishedValue() =>
        Assert.Equal(0xE3069283u, Crc32C.Of(Encoding.ASCII.GetBytes("123456789")));

    [Fact]
    public void Crc_InTwoParts_IsThatOfTheWhole() =>
        Assert.Equal(Crc32C.Of("123456789"u8), Crc32C.Of("456789"u8, Crc32C.Of("123"u8)));

    [Fact]
    public void TryReadFrame_AnyByteChanged_IsRefused() =>
        Gen.Select(Gen.Byte.Array[1, 200], Gen.Long[0, long.MaxValue], Gen.Int[0, 10_000], Gen.Byte[1, 255]).Sample((payload, time, at, change) =>
        {
            var frame = new byte[SegmentFormat.FrameLength + payload.Length];
            SegmentFormat.BeginFrame(frame, payload.Length, time);
            payload.CopyTo(frame, SegmentFormat.FrameLength);
            Assert.Equal((1, time, time), SegmentFormat.Seal(frame));
            Assert.True(SegmentFormat.TryReadFrame(frame, out var length, out var readTime));
            Assert.Equal((payload.Length, time), (length, readTime));

            frame[at % frame.Length] ^= change;
            Assert.False(SegmentFormat.TryReadFrame(frame, out _, out _));
        });

    [Fact]
    public void ReadHeader_AnyByteChanged_IsRefused()
    {
        var header = new byte[SegmentFormat.HeaderLength];
        var nonce = Guid.NewGuid();
        SegmentFormat.WriteHeader(header, nonce);
        Assert.Equal(nonce, SegmentFormat.ReadHeader(header));
        for (var at = 0; at < header.Length; at++)
        {
            header[at] ^= 1;
            // The header's length may grow in a later version, and is checked with the rest.
            Assert.Null(SegmentFormat.ReadHeader(header));
            header[at] ^= 1;
        }
    }
}
