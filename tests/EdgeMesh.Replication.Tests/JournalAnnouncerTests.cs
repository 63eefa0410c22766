using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using static EdgeMesh.Replication.Tests.TestJournal;

namespace EdgeMesh.Replication.Tests;

public sealed class JournalAnnouncerTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly List<Announcement> _said = [];
    private readonly SemaphoreSlim _saying = new(0);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_ManyWrites_AreAnnouncedTogether()
    {
        await using var journal = await OpenAsync(new MemoryJournalStore());
        await using var announcer = Announcer(journal);
        announcer.Start();
        for (var i = 0; i < 10; i++)
        {
            await journal.WriteAsync(Create($"clinic-a-{i}"));
            if (i == 0)
            {
                await SaidAsync();
            }
        }

        await SaidLaterAsync();

        Assert.Equal([new Announcement("clinic-a.records.changes", "1.1.0"), new Announcement("clinic-a.records.changes", "1.10.0")], _said);
    }

    [Fact]
    public async Task Publish_Fails_IsSaidLater()
    {
        await using var journal = await OpenAsync(new MemoryJournalStore());
        var tries = 0;
        await using var announcer = new JournalAnnouncer(journal, (announcement, _) => ++tries == 1 ? throw new IOException("away") : SayAsync(announcement), _clock, NullLogger.Instance);
        announcer.Start();
        await journal.WriteAsync(Create("clinic-a-1"));
        await SaidLaterAsync();

        Assert.Equal("1.1.0", Assert.Single(_said).Head);
    }

    [Fact]
    public async Task New_JournalOfAccesses_IsRefused()
    {
        await using var access = await OpenAsync(new MemoryJournalStore(), name: ClinicA with { Kind = JournalName.Access });
        Assert.Throws<ArgumentException>(() => Announcer(access));
    }

    private JournalAnnouncer Announcer(Journal journal) => new(journal, (announcement, _) => SayAsync(announcement), _clock, NullLogger.Instance);

    private Task SayAsync(Announcement announcement)
    {
        _said.Add(announcement);
        _saying.Release();
        return Task.CompletedTask;
    }

    private async Task SaidLaterAsync()
    {
        while (!await _saying.WaitAsync(5, Cancel))
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
        }
    }

    private Task SaidAsync() => _saying.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
}
