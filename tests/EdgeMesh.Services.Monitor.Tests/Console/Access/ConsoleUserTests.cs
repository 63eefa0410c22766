using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Console.Access;

namespace EdgeMesh.Services.Monitor.Tests.Console.Access;

public sealed class ConsoleUserTests
{
    [Theory]
    [InlineData("admin", "SignedIn Watch Operate Audit")]
    [InlineData("operator", "SignedIn Watch Operate")]
    [InlineData("auditor", "SignedIn Watch Audit")]
    [InlineData("practitioner", "SignedIn")]
    [InlineData("patient", "SignedIn")]
    [InlineData("Admin", "SignedIn")]
    [InlineData("", "SignedIn")]
    public void May_EachRole_WhatItIsFor_AndNothingElse(string role, string rights) =>
        Assert.Equal(rights, string.Join(' ', Enum.GetValues<ConsoleRight>().Where(r => ConsoleUser.May(ConsoleUser.Of(Caller() with { Roles = [role] }), r))));

    [Fact]
    public void May_WhoeverIsNoUserOfThisSite_Nothing()
    {
        Assert.False(ConsoleUser.May(ConsoleUser.Of(Caller() with { Kind = CallerKind.Site }), ConsoleRight.SignedIn));
        Assert.False(ConsoleUser.May(ConsoleUser.Of(Caller() with { ForwardedBy = "core" }), ConsoleRight.SignedIn));
        Assert.False(ConsoleUser.May(new(), ConsoleRight.SignedIn));
    }

    private static Caller Caller() => new() { Kind = CallerKind.User, Subject = "ada", Site = "core", Roles = ["admin"] };
}
