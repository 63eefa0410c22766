using System.Net;
using System.Text;
using System.Text.Json;
using EdgeMesh.Ledger;

namespace EdgeMesh.Services.Ledger.Tests;

public sealed class WitnessingTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ledger_OfOneSite_IsCosignedByTheOther_AndAgainAfterACut()
    {
        await using var sites = await TwoLedgers.StartAsync();
        for (byte i = 0; i < 3; i++)
        {
            await sites.AddAsync(TwoLedgers.A, i);
        }

        var cosigned = await sites.UntilAsync(TwoLedgers.A, "ledger/cosigned", text => text.StartsWith("edgemesh/clinic-a/ledger\n3\n", StringComparison.Ordinal));
        Assert.True(SignedNote.TryParse(Encoding.UTF8.GetBytes(cosigned), out var note));
        Assert.True(note.IsSignedBy(sites.Log(TwoLedgers.A)));
        Assert.True(note.IsSignedBy(sites.Witness(TwoLedgers.B)));
        Assert.Equal(cosigned, await sites.Client(TwoLedgers.A).GetStringAsync("ledger/checkpoint", Cancellation));

        sites.IsCut = true;
        Assert.Equal(HttpStatusCode.OK, (await sites.AddAsync(TwoLedgers.A, 4)).StatusCode);
        Assert.Equal(cosigned, await sites.Client(TwoLedgers.A).GetStringAsync("ledger/cosigned", Cancellation));
        sites.IsCut = false;

        await sites.UntilAsync(TwoLedgers.A, "ledger/cosigned", text => text.StartsWith("edgemesh/clinic-a/ledger\n4\n", StringComparison.Ordinal));
        var source = new HttpLogSource(sites.Client(TwoLedgers.A), new Uri(sites.Client(TwoLedgers.A).BaseAddress!, "ledger"));
        var result = await LedgerVerifier.VerifyAsync(source, sites.Log(TwoLedgers.A), null, Cancellation, [sites.Witness(TwoLedgers.B)]);
        Assert.Equal((true, 4L), (result.Holds, result.Cosigned?.Size ?? 0));
    }

    [Fact]
    public async Task Ledger_RestoredFromAnOldCopy_FindsOutByItsWitness_AndSignsNothingMore()
    {
        await using var sites = await TwoLedgers.StartAsync();
        await sites.AddAsync(TwoLedgers.A, 1);
        await sites.StopAsync(TwoLedgers.A);
        var folder = Path.Combine(sites.Data, TwoLedgers.A);
        var copy = Directory.CreateDirectory(Path.Combine(sites.Data, "copy")).FullName;
        Copy(folder, copy);

        await sites.StartAsync(TwoLedgers.A);
        await sites.AddAsync(TwoLedgers.A, 2);
        await sites.UntilAsync(TwoLedgers.A, "ledger/cosigned", text => text.Contains("\n2\n", StringComparison.Ordinal));
        await sites.StopAsync(TwoLedgers.A);
        foreach (var file in Directory.GetFiles(folder, "*.db*"))
        {
            File.Delete(file);
        }

        Copy(copy, folder);
        await sites.StartAsync(TwoLedgers.A);

        await sites.UntilAsync(TwoLedgers.A, "readyz", text => text.Contains("clinic-b cosigned a checkpoint of this ledger with 2 entries, and this copy with 1", StringComparison.Ordinal));
        using var refused = await sites.AddAsync(TwoLedgers.A, 3);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Contains("Restore the stores", await refused.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        // What it has is shown to anybody, still.
        Assert.StartsWith("edgemesh/clinic-a/ledger\n1\n", await sites.Client(TwoLedgers.A).GetStringAsync("ledger/checkpoint", Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddCheckpoint_AnswersAsTheSpecificationSays()
    {
        await using var site = await LedgerSite.StartAsync();
        await Refused(site, new byte[AddCheckpoint.MaxLength + 1], 413, "checkpoint-too-large");
        await Refused(site, "old 0\n"u8.ToArray(), 400, "checkpoint-malformed");
        await Refused(site, new AddCheckpoint(0, [], new Checkpoint("edgemesh/test-site/ledger", 1, TreeHash.Empty).Sign(LedgerSite.Key)).ToBytes(), 404, "log-unknown");
        using var none = await site.Client.GetAsync("ledger/witness/clinic-b", Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);

        await using var sites = await TwoLedgers.StartAsync();
        await sites.AddAsync(TwoLedgers.A, 1);
        var cosigned = await sites.UntilAsync(TwoLedgers.A, "ledger/cosigned", text => text.Contains("\n1\n", StringComparison.Ordinal));
        using var old = await sites.Client(TwoLedgers.B).PostAsync("mesh/ledger/add-checkpoint", new StringContent("old 0\n\n" + cosigned), Cancellation);
        Assert.Equal((HttpStatusCode.Conflict, "text/x.tlog.size", "1"), (old.StatusCode, old.Content.Headers.ContentType?.MediaType, await old.Content.ReadAsStringAsync(Cancellation)));
        using var kept = JsonDocument.Parse(await sites.Client(TwoLedgers.B).GetStringAsync("ledger/witness/clinic-a", Cancellation));
        Assert.Equal((cosigned, JsonValueKind.Null), (kept.RootElement.GetProperty("checkpoint").GetString(), kept.RootElement.GetProperty("other").ValueKind));
        using var again = await sites.Client(TwoLedgers.B).PostAsync("mesh/ledger/add-checkpoint", new StringContent("old 1\n\n" + cosigned), Cancellation);
        Assert.True(Encoding.UTF8.GetString(await again.Content.ReadAsByteArrayAsync(Cancellation)) is { } line && NoteSignature.ParseLines(line) is [{ } one] && one.Name == "edgemesh/clinic-b/witness");
    }

    private static async Task Refused(LedgerSite site, byte[] body, int status, string code)
    {
        using var answer = await site.Client.PostAsync("mesh/ledger/add-checkpoint", new ByteArrayContent(body), Cancellation);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Contains($"\"code\":\"{code}\"", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from, "*.db*"))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
        }
    }
}
