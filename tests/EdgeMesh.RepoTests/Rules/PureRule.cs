using System.Text.RegularExpressions;

namespace EdgeMesh.RepoTests;

/// <summary>The parts that are only arithmetic see no clock, file, network, chance or Dapr: they can be tested without any, and read
/// without asking what else they touch. And in a library that keeps its data in Dapr, one file of each concept knows Dapr.</summary>
internal static partial class PureRule
{
    private static readonly string[] Pure =
    [
        "framework/EdgeMesh.Ledger/Tree/", "framework/EdgeMesh.Ledger/Tiles/", "framework/EdgeMesh.Ledger/Notes/",
        "framework/EdgeMesh.Replication/Codec/",
        "framework/EdgeMesh.Functions/Bundles/", "framework/EdgeMesh.Functions/Manifests/", "framework/EdgeMesh.Functions/Rollouts/", "framework/EdgeMesh.Functions/Schedules/",
    ];

    private static readonly string[] BehindAnInterface = ["framework/EdgeMesh.Ledger/", "framework/EdgeMesh.Replication/", "framework/EdgeMesh.Functions/", "framework/EdgeMesh.Keyring/"];

    /// <summary>Announcing is publishing: it has no second form.</summary>
    private static readonly string[] KnowDapr = ["framework/EdgeMesh.Replication/Feeds/JournalAnnouncer.cs"];

    public static IEnumerable<string> Impure(IEnumerable<RepositoryFile> files) =>
        from file in files
        where file.IsCSharp && Pure.Any(folder => file.Path.StartsWith(folder, StringComparison.Ordinal))
        from use in Outside().Matches(file.Text)
        select $"{file.At(use.Index)} uses {use.Value}, and this folder is pure";

    public static IEnumerable<string> DaprOutsideItsFile(IEnumerable<RepositoryFile> files) =>
        from file in files
        where file.IsCSharp && BehindAnInterface.Any(library => file.Path.StartsWith(library, StringComparison.Ordinal))
        where !Path.GetFileName(file.Path).StartsWith("Dapr", StringComparison.Ordinal) && !KnowDapr.Contains(file.Path)
        from use in Dapr().Matches(file.Text)
        select $"{file.At(use.Index)} knows Dapr; only Dapr*.cs behind the library's interface may";

    /// <summary>Folders that the rule names and that are gone: it would hold for nothing.</summary>
    public static IEnumerable<string> Gone(IReadOnlyList<RepositoryFile> files) =>
        Pure.Concat(BehindAnInterface).Concat(KnowDapr).Where(path => !files.Any(f => f.Path.StartsWith(path, StringComparison.Ordinal)));

    [GeneratedRegex(@"\bTimeProvider\b|\bDateTime(Offset)?\.(Utc)?Now\b|\bStopwatch\b|\bTask\.Delay\b|\b(File|Directory|RandomAccess|FileStream)\.\w+|\bFileStream\b|\bHttp(Client|Context)\b|\bSockets?\b|\bEnvironment\.(Get|Machine|Process|Tick)\w*|\bRandom\.Shared\b|\bRandomNumberGenerator\b|\bGuid\.(NewGuid|CreateVersion7)\b|\busing (Dapr|Microsoft\.AspNetCore)\b")]
    private static partial Regex Outside();

    [GeneratedRegex(@"\busing Dapr\b|\bDaprClient\b")]
    private static partial Regex Dapr();
}
