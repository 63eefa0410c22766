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
    public async Task Seal_VeryManyResources_NamesThemAllInEntriesBelowTheLimit()
    {
        var resources = Enumerable.Range(0, 5_000).Select(i => Resource($"Observation/clinic-a-{i:D30}", $"clinic-a.1.{i}.0", "clinic-a-1", isDenied: i % 7 == 0)).ToArray();
        var entries = await Sealer.SealAsync(Event() with { Resources = [.. resources], Query = "Observation?patient=clinic-a-1" }, Cancellation);

        Assert.All(entries, e => Assert.InRange(e.Length, 1, 65_535));
        var opened = await OpenAsync(entries);
        Assert.Equal(resources.Select(r => $"{r.Reference}/_history/{r.Version}").Order(), opened.SelectMany(References).Order());
        Assert.Equal(resources.Count(r => r.IsDenied), opened.Sum(e => e.GetRawText().Split("\"denied\"").Length - 1));
        Assert.Single(opened, e => e.GetRawText().Contains("\"query\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Seal_AQueryTooLongForOneEvent_IsWholeInEntriesOfItsOwn()
    {
        var query = "Observation?code=" + string.Concat(Enumerable.Repeat("\u00e4\U0001F600", 40_000));
        var entries = await Sealer.SealAsync(Event() with { Query = query }, Cancellation);

        Assert.All(entries, e => Assert.InRange(e.Length, 1, 65_535));
        Assert.Equal(query, string.Concat((await OpenAsync(entries)).SelectMany(e => e.GetProperty("entity").EnumerateArray())
            .Where(e => e.TryGetProperty("query", out _)).Select(e => Encoding.UTF8.GetString(e.GetProperty("query").GetBytesFromBase64()))));
    }

    [Fact]
    public async Task Seal_SeveralPatients_IsOneEntryForEachUnderItsOwnKey()
    {
        var access = Event() with
        {
            Query = "Patient?name=x",
            Resources =
            [
                Resource("Patient/a", "1", "a", isDenied: false), Resource("Observation/b1", "1", "b", isDenied: true),
                Resource("Observation/a1", "1", "a", isDenied: true), Resource("Practitioner/p", "1", null, isDenied: false), Resource("Observation/ab", "1", "a,b", isDenied: true),
            ],
        };
        var entries = await Sealer.SealAsync(access, Cancellation);
        var opened = await OpenAsync(entries);

        Assert.Equal(["0", "0", "4"], opened.Select(e => e.GetProperty("outcome").GetString()));
        Assert.Equal(["Practitioner/p", "Patient/a,Observation/a1,Observation/ab", "Observation/b1,Observation/ab"],
            opened.Select(e => string.Join(',', References(e).Select(r => r.Split("/_history/")[0]))));
        await _keyring.EraseAsync("Patient/a", Cancellation);
        var opens = await Task.WhenAll(entries.Select(async e => await Sealer.OpenAsync(e, Cancellation) is not null));
        Assert.Equal([true, false, true], opens.ToList());
        Assert.Equal([true, false, false], opened.Select(e => e.GetRawText().Contains("\"query\"", StringComparison.Ordinal)));
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
        Answered = AccessOutcome.Success,
        Resources = [Resource("Observation/clinic-a-2", "clinic-a.1.2.0", "clinic-a-1", isDenied: false)],
    };

    private static AuditedResource Resource(string reference, string version, string? patients, bool isDenied) =>
        new(reference, version, patients is null ? [] : [.. patients.Split(',')], "Consent/c1/_history/v#provision", isDenied);

    private static IEnumerable<string> References(JsonElement audit) => audit.GetProperty("entity").EnumerateArray()
        .Where(e => e.GetProperty("type").GetProperty("code").GetString() == "2" && e.TryGetProperty("what", out _)).Select(e => e.GetProperty("what").GetProperty("reference").GetString()!);

    private async Task<List<JsonElement>> OpenAsync(IEnumerable<ReadOnlyMemory<byte>> entries)
    {
        var opened = new List<JsonElement>();
        foreach (var entry in entries)
        {
            opened.Add(JsonDocument.Parse((await Sealer.OpenAsync(entry, Cancellation))!.Value).RootElement);
        }

        return opened;
    }
}
