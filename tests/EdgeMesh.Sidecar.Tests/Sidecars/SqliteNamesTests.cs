using EdgeMesh.Sidecar.Resources;
using EdgeMesh.Sidecar.Sidecars;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.Sidecars;

/// <summary>The table in which sidecars of a machine find each other.</summary>
public sealed class SqliteNamesTests : IDisposable
{
    private readonly string _folder = TestSidecar.TemporaryFolder();
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UnixEpoch.AddYears(56));

    [Fact]
    public void Find_WhatAnotherProcessRegistered_IsThere()
    {
        using SqliteNames one = Open(), other = Open();
        one.Register("r", "127.0.0.1:5", "orders");
        Assert.Equal("127.0.0.1:5", other.Find("orders"));
        Assert.Null(other.Find("nobody"));
        one.Withdraw("r");
        Assert.Null(other.Find("orders"));
    }

    [Fact]
    public void Find_ARowThatNobodyRenews_CountsNoMore_UntilItIsRenewed()
    {
        using var names = Open();
        names.Register("r", "127.0.0.1:5", "orders");
        _clock.Advance(TimeSpan.FromSeconds(35));
        Assert.Equal("127.0.0.1:5", names.Find("orders"));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(names.Find("orders"));
        names.Register("r", "127.0.0.1:5", "orders");
        Assert.Equal("127.0.0.1:5", names.Find("orders"));
    }

    [Fact]
    public void Register_AtAnAddressOfThePast_TakesItOver()
    {
        using var names = Open();
        names.Register("r1", "127.0.0.1:5", "orders");
        names.Register("r2", "127.0.0.1:5", "shipping");
        Assert.Null(names.Find("orders"));
        names.Withdraw("r1");
        Assert.Equal("127.0.0.1:5", names.Find("shipping"));
    }

    [Fact]
    public void Open_ATableNameThatIsNone_IsRefused() =>
        Assert.Throws<ArgumentException>(() => SqliteNames.Open(new NameResolutionSetting("names.db", TimeSpan.FromSeconds(5)) { TableName = "a; DROP" }, _folder, _clock));

    private SqliteNames Open() => SqliteNames.Open(new NameResolutionSetting("names.db", TimeSpan.FromSeconds(5)), _folder, _clock);

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
