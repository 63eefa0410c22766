using System.Globalization;
using EdgeMesh.Services.Monitor.Alerting.Rules;
using EdgeMesh.Services.Monitor.Ledgers;

namespace EdgeMesh.Services.Monitor.Alerting.Conditions;

/// <summary>Ledgers that showed two histories, for as long as the proof is kept.</summary>
internal static class LedgerFindings
{
    public static IEnumerable<Finding> Of(AlertRule rule, IReadOnlyList<SplitLedger> splits) => splits.Select(split => new Finding(
        rule, split.Site, "ledger", split.Log, string.Create(CultureInfo.InvariantCulture, $"two roots at size {split.Sizes[0]}{(split.Sizes.Length > 1 ? $" and at {split.Sizes.Length - 1} more" : "")}"),
        "one root of each size", ConsolePaths.Ledger()));
}
