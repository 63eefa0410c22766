using EdgeMesh.Services.Monitor.Console.Logs;

namespace EdgeMesh.Services.Monitor.Tests.Console.Logs;

public sealed class LogSearchTests
{
    [Theory]
    [InlineData("", null, "")]
    [InlineData("  ", null, "")]
    [InlineData("link down", "link down", "")]
    [InlineData("http.route=/fhir/Patient", null, "http.route:/fhir/Patient")]
    [InlineData("slow a=1 b=2 again", "slow again", "a:1 b:2")]
    [InlineData("a=\"x y\" z", "z", "a:x y")]
    [InlineData("a=\"say \\\"hi\\\"\"", null, "a:say \"hi\"")]
    [InlineData("\"a=1\"", "a=1", "")]
    [InlineData("=1", "=1", "")]
    [InlineData("a=", null, "a:")]
    [InlineData("a=\"open", null, "a:open")]
    [InlineData("a=x=y", null, "a:x=y")]
    public void Parse_WhatIsTyped_TellsWordsFromFields(string typed, string? text, string fields)
    {
        var search = LogSearch.Parse(typed);

        Assert.Equal((text, fields), (search.Text, string.Join(' ', search.Fields.Select(f => $"{f.Key}:{f.Value}"))));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("with blank")]
    [InlineData("quote\" and \\ slash")]
    [InlineData("")]
    public void With_AnyValue_IsReadBackAsThatValue(string value) =>
        Assert.Equal(value, LogSearch.Parse(LogSearch.With("before", "name", value)).Fields["name"]);

    [Fact]
    public void Parse_MoreThanIsSensible_IsCut()
    {
        var search = LogSearch.Parse(string.Join(' ', Enumerable.Range(0, 50).Select(i => $"f{i}=v")) + new string('x', 10_000));

        Assert.Equal(10, search.Fields.Count);
        Assert.InRange(search.Text!.Length, 1, 1000);
    }
}
