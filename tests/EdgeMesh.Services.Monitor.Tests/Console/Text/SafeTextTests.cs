using EdgeMesh.Services.Monitor.Console.Text;

namespace EdgeMesh.Services.Monitor.Tests.Console.Text;

public sealed class SafeTextTests
{
    [Theory]
    [InlineData("plain text, ümlauts, 日本語, 🙂", "plain text, ümlauts, 日本語, 🙂")]
    [InlineData("a\u0000b\u001b[31mred\u0007", "a␀b␛[31mred␇")]
    [InlineData("one\ntwo\tthree\r", "one␊two␉three␍")]
    [InlineData("user\u202Egpj.exe", "user[U+202E]gpj.exe")]
    [InlineData("a\u2066b\u2069c\u200Fd\u061C", "a[U+2066]b[U+2069]c[U+200F]d[U+061C]")]
    [InlineData("zero\u200Bwidth\uFEFF\u2028", "zero[U+200B]width[U+FEFF][U+2028]")]
    [InlineData("del\u007F next\u0085", "del␡ next[U+0085]")]
    [InlineData("<script>alert(1)</script>", "<script>alert(1)</script>")]
    public void Row_WhatHidesOrMisleads_IsMadeVisible(string text, string shown) => Assert.Equal(shown, SafeText.Row(text));

    [Fact]
    public void Row_HalfACharacter_BecomesTheSignForIt() => Assert.Equal("a\uFFFDb", SafeText.Row("a" + (char)0xD800 + "b"));

    [Fact]
    public void Whole_KeepsLinesAndTabs() => Assert.Equal("one\ntwo\tthree␍", SafeText.Whole("one\ntwo\tthree\r"));

    [Fact]
    public void Row_TenMegabytes_IsCutToARow() => Assert.Equal(SafeText.RowLength + 1, SafeText.Row(new string('x', 10_000_000)).Length);

    [Fact]
    public void Whole_TenMegabytes_IsCut_AndSaysSo()
    {
        var whole = SafeText.Whole(new string('x', 10_000_000));

        Assert.InRange(whole.Length, SafeText.WholeLength, SafeText.WholeLength + 100);
        Assert.EndsWith("[cut here: 16,384 of 10,000,000 characters]", whole, StringComparison.Ordinal);
    }
}
