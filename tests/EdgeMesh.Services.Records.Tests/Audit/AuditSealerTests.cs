using System.Text;
using System.Text.Json;
using EdgeMesh.Hosting;
using EdgeMesh.Keyring;
using EdgeMesh.Services.Records.Audit;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Services.Records.Tests.Audit;

public sealed class AuditSealerTests
{
    private readonly Keyring.Keyring _keyring = new(SiteKeys.Generate(), new MemoryKeyStore());

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private AuditSealer Sealer => new(new SiteIdentity("clinic-a", "records", "/nowhere"), _keyring, new AccessLog(NullLoggerFactory.Instance));

    [Fact]
    public async Task Seal_ThenOpen_IsAnAuditEventThatNamesAllParts()
    {
        var entry = Assert.Single(await Sealer.SealAsync(Event(), Cancellation));
        var audit = JsonDocument.Parse((await Sealer.OpenAsync(entry, Cancellation))!.Value).RootElement;
        Assert.Equal("AuditEvent", audit.GetProperty("resourceType").GetString());
        Assert.Equal("read", audit.GetProperty("subtype")[0].GetProperty("code").GetString());
        var text = audit.GetRawText();
        Assert.All(["dr-jones", "Patient/clinic-a-1", "Observation/clinic-a-2/_history/clinic-a.1.2.0", "Consent/c1/_history/v#provision", "TREAT"], part => Assert.Contains(part, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Seal_Entry_ShowsNothingPersonal()
    {
        var entry = Encoding.Latin1.GetString((await Sealer.SealAsync(Event(), Cancellation))[0].Span);
        Assert.DoesNotContain("dr-jones", entry, StringComparison.Ordinal);
        Assert.DoesNotContain("clinic-a-1", entry, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Seal_VeryManyResources_SplitsIntoEntriesBelowTheLimit()
    {
        var entries = await Sealer.SealAsync(Event() with { Resources = [.. Enumerable.Range(0, 5_000).Select(i => new AuditedResource($"Observation/clinic-a-{i:D30}", $"clinic-a.1.{i}.0"))] }, Cancellation);
        Assert.True(entries.Length > 1);
        Assert.All(entries, e => Assert.InRange(e.Length, 1, 65_535));
    }

    [Fact]
    public async Task Open_AfterThePatientWasErased_IsNull()
    {
        var entry = (await Sealer.SealAsync(Event(), Cancellation))[0];
        await _keyring.EraseAsync("Patient/clinic-a-1", Cancellation);
        Assert.Null(await Sealer.OpenAsync(entry, Cancellation));
    }

    [Fact]
    public async Task Open_HeaderAltered_IsNull()
    {
        var entry = (await Sealer.SealAsync(Event(), Cancellation))[0].ToArray();
        entry[20] ^= 1;
        Assert.Null(await Sealer.OpenAsync(entry, Cancellation));
    }

    private static AccessEvent Event() => new()
    {
        Recorded = new DateTimeOffset(2026, 11, 1, 12, 0, 0, TimeSpan.Zero),
        Interaction = "read",
        Outcome = AccessOutcome.Success,
        Caller = new Caller { Kind = CallerKind.User, Subject = "dr-jones", Site = "clinic-a", Roles = ["practitioner"] },
        Patient = "clinic-a-1",
        Resources = [new AuditedResource("Observation/clinic-a-2", "clinic-a.1.2.0")],
        Rule = "Consent/c1/_history/v#provision",
    };
}
