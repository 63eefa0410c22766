using System.Diagnostics;
using EdgeMesh.Sidecar.Tracing;

namespace EdgeMesh.Sidecar.Tests.Tracing;

public sealed class BinaryTraceTests
{
    /// <summary>As daprd 1.18 answered it.</summary>
    private const string FromDaprd = "AACWJuwLcJd+Aic+32ek0X2SAYSYCtRB5ruHAgE";

    [Fact]
    public void Read_WhatDaprdWrites_IsTheTrace() => Assert.Equal("00-9626ec0b70977e02273edf67a4d17d92-84980ad441e6bb87-01", BinaryTrace.Read(FromDaprd));

    [Fact]
    public void Write_IsAsDaprdWritesIt() => Assert.Equal(FromDaprd, BinaryTrace.Write(
        ActivityTraceId.CreateFromString("9626ec0b70977e02273edf67a4d17d92"), ActivitySpanId.CreateFromString("84980ad441e6bb87"), ActivityTraceFlags.Recorded));

    [Theory]
    [InlineData("")]
    [InlineData("AAAA")]
    [InlineData("no base64!")]
    [InlineData("AQCWJuwLcJd+Aic+32ek0X2SAYSYCtRB5ruHAgE")]
    [InlineData("AACWJuwLcJd+Aic+32ek0X2SAYSYCtRB5ruHAgEAAAAAAAAAAAAAAAAAAA")]
    public void Read_WhatIsNone_IsNull(string text) => Assert.Null(BinaryTrace.Read(text));
}
