using EdgeMesh.Hosting;
using EdgeMesh.Services.Records.Consents;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Services.Records.Tests.Consents;

public sealed class ConsentFreshnessTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgemesh-freshness-");

    [Fact]
    public void IsFresh_LongerThanTheBound_IsNot()
    {
        var clock = new FakeTimeProvider(Start);
        var freshness = Open(clock);
        Assert.False(freshness.IsFresh("clinic-b"));
        freshness.Reached("clinic-b");

        clock.Advance(TimeSpan.FromMinutes(15));
        Assert.True(freshness.IsFresh("clinic-b"));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(freshness.IsFresh("clinic-b"));
        Assert.False(freshness.IsFresh("core"));
        freshness.Reached("clinic-b");
        Assert.True(freshness.IsFresh("clinic-b"));
    }

    [Fact]
    public void IsFresh_TheClockIsPutBack_CountsOn()
    {
        var clock = new SetBackClock();
        var freshness = Open(clock);
        freshness.Reached("clinic-b");

        clock.Passed = TimeSpan.FromMinutes(16);

        Assert.False(freshness.IsFresh("clinic-b"));
    }

    [Fact]
    public void Restart_TheClockWasPutBackMeanwhile_IsNoYoungerThanBefore()
    {
        var clock = new FakeTimeProvider(Start);
        var before = Open(clock);
        before.Reached("clinic-b");
        clock.Advance(TimeSpan.FromMinutes(10));
        before.Save();

        var later = new FakeTimeProvider(Start.AddDays(-1));
        var after = Open(later);
        Assert.True(after.IsFresh("clinic-b"));
        later.Advance(TimeSpan.FromMinutes(6));
        Assert.False(after.IsFresh("clinic-b"));
    }

    [Fact]
    public void Restart_AfterALongTime_IsNotFresh()
    {
        var before = Open(new FakeTimeProvider(Start));
        before.Reached("clinic-b");
        before.Save();

        Assert.False(Open(new FakeTimeProvider(Start.AddHours(1))).IsFresh("clinic-b"));
    }

    [Fact]
    public void Restart_WithADamagedFile_WaitsForTheOtherSite()
    {
        var clock = new FakeTimeProvider(Start);
        var before = Open(clock);
        before.Reached("clinic-b");
        before.Save();
        File.WriteAllText(Path.Combine(_folder.FullName, "records", "contacts.json"), """{"Seen":"20""");

        Assert.False(Open(clock).IsFresh("clinic-b"));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private ConsentFreshness Open(TimeProvider clock) => new(
        new SiteIdentity("clinic-a", RecordsApp.AppId, _folder.FullName), Options.Create(new RecordsOptions { ConsentMinutes = 15 }), clock, NullLogger<ConsentFreshness>.Instance);

    /// <summary>Somebody keeps setting it back to the start; what counts ticks goes on.</summary>
    private sealed class SetBackClock : TimeProvider
    {
        public TimeSpan Passed { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Start;

        public override long GetTimestamp() => Passed.Ticks;
    }
}
