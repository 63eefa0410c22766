using EdgeMesh.Replication;

namespace EdgeMesh.Services.Records.Tests.Sharing;

public sealed class ConsentSharePolicyTests
{
    [Fact]
    public async Task Commit_TheProjectionFails_EndsInTimeAndNamesTheFollower()
    {
        await using var site = await SharingSite.OpenAsync(new FailingFollower());
        await site.WriteAsync(Samples.Patient());

        while (site.Projection.Failure is null)
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        var write = site.WriteAsync(Samples.Patient());
        while (!write.IsCompleted)
        {
            site.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        var error = await Assert.ThrowsAsync<JournalUnavailableException>(() => write);
        Assert.Contains("'search'", error.Message, StringComparison.Ordinal);
        Assert.Contains("the disk is full", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Revoke_WithdrawsByTheVersionThatRevokes()
    {
        await using var site = await SharingSite.OpenAsync();
        var patient = await site.WriteAsync(Samples.Patient());
        var consent = await site.WriteAsync(Samples.Consent(patient.Id, "org-b"));
        await site.WriteAsync(Samples.Consent(patient.Id, "org-b", status: "inactive"), consent);

        var revoked = (await site.Journal.GetAsync(consent, TestContext.Current.CancellationToken))!.Version;
        var withdrawals = (await site.SharesAsync()).Where(s => !s.Withdrawn.IsEmpty).ToList();
        Assert.All(withdrawals, w => Assert.Equal(("clinic-b", $"Consent/{consent.Id}/_history/{revoked}"), (w.Peer, w.ConsentVersion)));
        Assert.Equal([patient, consent], withdrawals.SelectMany(w => w.Withdrawn).ToHashSet());
    }

    [Fact]
    public async Task Grant_ByTwoRules_NamesEachForWhatItGrants()
    {
        await using var site = await SharingSite.OpenAsync();
        var patient = await site.WriteAsync(Samples.Patient());
        var vital = await site.WriteAsync(Samples.Observation(patient.ToString()));
        var consent = Samples.Consent(patient.Id, "org-b");
        consent["provision"]!["provision"] = System.Text.Json.Nodes.JsonNode.Parse("""[{"type":"permit","class":[{"code":"Observation"}]}]""");

        await site.WriteAsync(consent);

        var rules = (await site.SharesAsync()).SelectMany(s => s.Granted.Select(g => (g.Key, s.ConsentVersion.Split('#')[1].Split('?')[0]))).ToHashSet();
        Assert.Equal([(patient, "provision"), (vital, "provision.provision[0]")], rules);
    }

    [Fact]
    public async Task Period_Ends_IsWithdrawnThoughNobodyWritesAnything()
    {
        await using var site = await SharingSite.OpenAsync();
        var patient = await site.WriteAsync(Samples.Patient());
        var consent = await site.WriteAsync(Samples.Consent(patient.Id, "org-b", end: "2026-11-01"));
        var version = (await site.Journal.GetAsync(consent, TestContext.Current.CancellationToken))!.Version;
        Assert.DoesNotContain(await site.SharesAsync(), s => !s.Withdrawn.IsEmpty);

        await site.PassAsync(TimeSpan.FromHours(12), async () => (await site.SharesAsync()).Any(s => !s.Withdrawn.IsEmpty));

        var withdrawal = Assert.Single(await site.SharesAsync(), s => !s.Withdrawn.IsEmpty);
        Assert.Equal(("clinic-b", $"Consent/{consent.Id}/_history/{version}#provision"), (withdrawal.Peer, withdrawal.ConsentVersion));
        Assert.Contains(patient, withdrawal.Withdrawn);
        Assert.Contains(consent, withdrawal.Withdrawn);
    }

    [Fact]
    public async Task Period_Begins_IsGrantedThen()
    {
        await using var site = await SharingSite.OpenAsync();
        var patient = await site.WriteAsync(Samples.Patient());
        var consent = Samples.Consent(patient.Id, "org-b");
        consent["provision"]!["period"] = System.Text.Json.Nodes.JsonNode.Parse("""{"start":"2026-11-02"}""");
        await site.WriteAsync(consent);
        Assert.Empty(await site.SharesAsync());

        await site.PassAsync(TimeSpan.FromHours(12), async () => (await site.SharesAsync()).Count > 0);

        Assert.Contains(patient, (await site.SharesAsync()).SelectMany(s => s.Granted).Select(g => g.Key));
    }

    [Fact]
    public async Task Revoke_AfterThePeriodEndedAndBeforeAnybodyLooked_StillWithdraws()
    {
        await using var site = await SharingSite.OpenAsync(watches: false);
        var patient = await site.WriteAsync(Samples.Patient());
        var consent = await site.WriteAsync(Samples.Consent(patient.Id, "org-b", end: "2026-11-01"));
        site.Clock.Advance(TimeSpan.FromDays(1));

        await site.WriteAsync(Samples.Consent(patient.Id, "org-b", status: "inactive"), consent);

        Assert.Contains(patient, (await site.SharesAsync()).SelectMany(s => s.Withdrawn));
    }

    [Fact]
    public async Task Relabel_IntoAnException_WithdrawsTheVersionsBefore()
    {
        await using var site = await SharingSite.OpenAsync();
        var patient = await site.WriteAsync(Samples.Patient());
        await site.WriteAsync(Samples.Consent(patient.Id, "org-b", except: "PSY"));
        var vital = await site.WriteAsync(Samples.Observation(patient.ToString()));

        await site.WriteAsync(Samples.Observation(patient.ToString(), label: "PSY"), vital);

        Assert.Equal([vital], Assert.Single(await site.SharesAsync(), s => !s.Withdrawn.IsEmpty).Withdrawn);
    }

    private sealed class FailingFollower : IFollower
    {
        public string Name => "search";

        public ValueTask<Position> GetPositionAsync(CancellationToken cancellation) => ValueTask.FromResult(Position.Start);

        public ValueTask ApplyAsync(JournalPage page, CancellationToken cancellation) => throw new IOException("the disk is full");
    }
}
