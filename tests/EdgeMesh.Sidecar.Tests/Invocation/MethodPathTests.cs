using EdgeMesh.Sidecar.BuildingBlocks.Invocation;

namespace EdgeMesh.Sidecar.Tests.Invocation;

/// <summary>Each pair was seen at daprd 1.18.</summary>
public sealed class MethodPathTests
{
    [Theory]
    [InlineData("/a", "/a")]
    [InlineData("a/b", "/a/b")]
    [InlineData("/", "/")]
    [InlineData("/a//b", "/a/b")]
    [InlineData("//lead", "/lead")]
    [InlineData("/a%2Fb", "/a/b")]
    [InlineData("/a/../b", "/b")]
    [InlineData("/a/./b", "/a/b")]
    [InlineData("/../../alpha/method/x", "/alpha/method/x")]
    [InlineData("/%2e%2e/x", "/x")]
    [InlineData("/a%2e%2e/b", "/a../b")]
    [InlineData("/x/", "/x")]
    [InlineData("/a%20b", "/a%20b")]
    [InlineData("/a+b", "/a+b")]
    [InlineData("/$match", "/$match")]
    [InlineData("/a;b=c,d@e:f!~*'()", "/a;b=c,d@e:f!~*'()")]
    [InlineData("/%C3%A9", "/%C3%A9")]
    [InlineData("/[x]{y}|z", "/%5Bx%5D%7By%7D%7Cz")]
    public void Clean_Paths_AreThoseThatDaprdSends(string sent, string expected) => Assert.Equal(expected, MethodPath.Clean("beta", sent));

    [Theory]
    [InlineData("/a%23b", "forbidden character")]
    [InlineData("/a%3Fb", "forbidden character")]
    [InlineData("/a%0d%0aX: y", "forbidden character")]
    [InlineData("/a%25b", "invalid URL escape")]
    public void Clean_WhatDaprdRefuses_IsRefused(string sent, string reason)
    {
        var fault = Assert.Throws<DaprFault>(() => MethodPath.Clean("beta", sent));
        Assert.Equal((500, "ERR_DIRECT_INVOKE"), (fault.HttpStatus, fault.Code));
        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
    }
}
