using System.Diagnostics;
using System.Globalization;
using EdgeMesh.Services.Monitor.Store;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Services.Monitor.Tests.Store;

/// <summary>How fast the store takes a million log lines, and finds some among them; printed, never asserted. By hand:
/// <c>dotnet run -c Release --project tests/EdgeMesh.Services.Monitor.Tests -- -explicit only -showLiveOutput</c>.</summary>
public sealed class StoreFigures
{
    private const int Lines = 1_000_000;
    private const int LinesOfABatch = 500;

    [Fact(Explicit = true)]
    public async Task AMillionLines_AreTakenAndSearched()
    {
        await using var temporary = new TemporaryStore();
        var watch = Stopwatch.StartNew();
        for (var batch = 0; batch < Lines / LinesOfABatch; batch++)
        {
            await temporary.AddAsync([.. Enumerable.Range(0, LinesOfABatch).Select(i => Line((batch * LinesOfABatch) + i))]);
        }

        Say($"taken: {Lines / watch.Elapsed.TotalSeconds:0} lines/s, {temporary.Store.Status.Bytes / 1e6:0} MB");
        Time("the newest hundred", new LogQuery());
        Time("a word that is in one line", new LogQuery { Text = "needle" });
        Time("a word that is in none", new LogQuery { Text = "haystack" });
        Time("a field's value that is in one line", new LogQuery { Fields = new Dictionary<string, string> { ["Request"] = "r-123456" } });
        Time("errors of a service", new LogQuery { Service = "ledger", LeastLevel = LogLevel.Error });
        Time("a site that is not there", new LogQuery { Site = "clinic-z" });
        watch.Restart();
        var counts = temporary.Count(new LogQuery { From = TemporaryStore.Start, To = TemporaryStore.Start.AddDays(2) }, 60);
        Say($"counts by level over all of them: {watch.ElapsedMilliseconds} ms, {counts.Count} counts");

        void Time(string what, LogQuery query)
        {
            watch.Restart();
            var found = temporary.Find(query).Lines.Count;
            Say($"{what}: {watch.ElapsedMilliseconds} ms, {found} lines");
        }
    }

    private static LogLine Line(int n) => TemporaryStore.Line(
        n == 400_000 ? "The needle was found in the store of the site" : string.Create(CultureInfo.InvariantCulture, $"Answered GET /fhir/Patient with 200 in {n % 97} ms for the {n}th time"),
        n / 10, n % 1000 == 0 ? LogLevel.Error : LogLevel.Information, (n % 4) switch { 0 => "gateway", 1 => "ledger", 2 => "functions", _ => "records" },
        fields: [("Request", string.Create(CultureInfo.InvariantCulture, $"r-{n}")), ("log.logger", "EdgeMesh.Services.Records.Http")]);

    private static void Say(FormattableString text) => TestContext.Current.TestOutputHelper?.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
