using System.Text;
using EdgeMesh.Sidecar.Http;

namespace EdgeMesh.Sidecar.Tests.Fuzz;

public sealed class SurrogateTests
{
    [Theory]
    [InlineData("{\"a\":\"plain \\u0041\"}", true)]
    [InlineData("{\"a\":\"\\ud800\"}", false)]
    [InlineData("{\"\\uDC00\":1}", false)]
    public void Readable_WhatNeedsNoMending_IsTheSameMemory(string json, bool isSame)
    {
        ReadOnlyMemory<byte> given = Encoding.UTF8.GetBytes(json);
        var read = GoJson.Readable(given);
        Assert.Equal(isSame, read.Equals(given));
        System.Text.Json.JsonDocument.Parse(read).RootElement.EnumerateObject().First().Name.ToString();
    }

    [Theory]
    [InlineData("""plain \n \u0041""", """plain \n \u0041""")]
    [InlineData("""\ud83d\ude00""", """\ud83d\ude00""")]
    [InlineData("""\uD83D\uDE00""", """\uD83D\uDE00""")]
    [InlineData("""\ud800""", """\ufffd""")]
    [InlineData("""\uDC00x""", """\ufffdx""")]
    [InlineData("""\ud800\ud83d\ude00""", """\ufffd\ud83d\ude00""")]
    [InlineData("""\ude00\ud83d""", """\ufffd\ufffd""")]
    [InlineData("""\\ud800""", """\\ud800""")]
    [InlineData("""\ud8""", """\ud8""")]
    [InlineData("""\u+d80""", """\u+d80""")]
    [InlineData("\\", "\\")]
    public void MendSurrogates_OfAnyText_ReplacesHalvesAlone(string text, string expected)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        GoJson.MendSurrogates(bytes);
        Assert.Equal(expected, Encoding.UTF8.GetString(bytes));
    }
}
