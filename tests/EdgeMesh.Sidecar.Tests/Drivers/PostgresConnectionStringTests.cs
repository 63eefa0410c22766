using EdgeMesh.Sidecar.Components;
using Npgsql;

namespace EdgeMesh.Sidecar.Tests.Drivers;

public sealed class PostgresConnectionStringTests
{
    [Theory]
    [InlineData("host=db user=app password=secret port=5433 connect_timeout=7 database=shop")]
    [InlineData("  host = db\tuser=app password='secret' port=5433 connect_timeout=7 dbname=shop ")]
    [InlineData("postgres://app:secret@db:5433/shop?connect_timeout=7")]
    [InlineData("postgresql://app:secret@db:5433/shop?connect_timeout=7")]
    public void Parse_EitherForm_IsTheSameServer(string text)
    {
        var parsed = PostgresConnectionString.Parse(text);

        Assert.Equal(("db", 5433, "app", "secret", "shop", 7), (parsed.Host, parsed.Port, parsed.Username, parsed.Password, parsed.Database, parsed.Timeout));
    }

    [Theory]
    [InlineData(@"password='it\'s a \\ secret'", @"it's a \ secret")]
    [InlineData(@"password=a\ b", "a b")]
    [InlineData("password=''", null)]
    [InlineData("postgres://app:p%40ss%20word@db/shop", "p@ss word")]
    public void Parse_QuotesAndEscapes_AreUndone(string text, string? password)
    {
        Assert.Equal(password ?? "", PostgresConnectionString.Parse(text).Password ?? "");
    }

    [Theory]
    [InlineData("sslmode=verify-full", SslMode.VerifyFull)]
    [InlineData("sslmode=disable", SslMode.Disable)]
    [InlineData("postgres://db?sslmode=require", SslMode.Require)]
    public void Parse_SslMode_IsTaken(string text, SslMode mode) => Assert.Equal(mode, PostgresConnectionString.Parse(text).SslMode);

    [Theory]
    [InlineData("host=db keepalives=1", "'keepalives'")]
    [InlineData("host=db port=many", "'port'")]
    [InlineData("host=db sslmode=perhaps", "sslmode=perhaps")]
    [InlineData("host", "without '='")]
    [InlineData("password='secret", "does not end")]
    public void Parse_WhatCanNotBeRead_SaysWhatAndNoPassword(string text, string expected)
    {
        var error = Assert.Throws<ArgumentException>(() => PostgresConnectionString.Parse(text));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }
}
