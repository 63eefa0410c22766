using CsCheck;
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
    [InlineData("\"a b\"=c d", "d", "a b:c")]
    [InlineData("\"a\\\"=\"=\"x y\"", null, "a\"=:x y")]
    [InlineData("\"a\" =1", "a =1", "")]
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

    [Theory]
    [InlineData("a=\"open", null, "a:open name:x y")]
    [InlineData("\"split view", "split view", "name:x y")]
    [InlineData("\"ends with \\", "ends with \\", "name:x y")]
    [InlineData("b=1 \"a b", "a b", "b:1 name:x y")]
    [InlineData("\"", null, "name:x y")]
    [InlineData("not\"open", "not\"open", "name:x y")]
    public void With_AQuoteThatWasLeftOpen_ClosesIt(string typed, string? text, string fields)
    {
        var search = LogSearch.Parse(LogSearch.With(typed, "name", "x y"));

        Assert.Equal((text, fields), (search.Text, string.Join(' ', search.Fields.Select(f => $"{f.Key}:{f.Value}"))));
    }

    [Theory]
    [InlineData("trouble", "trouble")]
    [InlineData("split view", "split view")]
    [InlineData("status=500", "\"status=500\"")]
    [InlineData("two  blanks", "\"two  blanks\"")]
    [InlineData("say \"no\"", "\"say \\\"no\\\"\"")]
    [InlineData(null, "")]
    public void Write_Words_AreQuotedOnlyWhereTheyWouldReadAsSomethingElse(string? text, string typed) =>
        Assert.Equal(typed, LogSearch.Write(text, []));

    [Fact]
    public void Write_AnyWordsAndFields_AreReadBackAsThose() =>
        Gen.Select(Searches.Text, Searches.Fields).Sample((text, fields) =>
        {
            var read = LogSearch.Parse(LogSearch.Write(text, fields));

            Assert.Equal(text, read.Text);
            Assert.Equal(fields.OrderBy(f => f.Key, StringComparer.Ordinal), read.Fields.OrderBy(f => f.Key, StringComparer.Ordinal));
        });

    [Fact]
    public void Parse_MoreThanIsSensible_IsCut()
    {
        var search = LogSearch.Parse(string.Join(' ', Enumerable.Range(0, 50).Select(i => $"f{i}=v")) + new string('x', 10_000));

        Assert.Equal(10, search.Fields.Count);
        Assert.InRange(search.Text!.Length, 1, 1000);
    }
}
