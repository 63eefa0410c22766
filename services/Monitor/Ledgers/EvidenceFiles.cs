using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EdgeMesh.Hosting;
using EdgeMesh.Ledger;

namespace EdgeMesh.Services.Monitor.Ledgers;

/// <summary>Keeps both sides of a split view on disk, each a signed note that any C2SP tool reads, and the key that verifies them, which may not be in
/// the mesh's directory for ever. Bounded for each log, so that none that signs
/// many can hide another's; the first ones are what matters.</summary>
internal sealed class EvidenceFiles(SiteIdentity identity)
{
    private const int Most = 100;
    private const int FilesOfOne = 3;

    public string Folder { get; } = Path.Combine(identity.DataDirectory, "monitor", "split-views");

    /// <summary>False: it is there already, or there are too many of this log.</summary>
    /// <exception cref="IOException">The disk does not take it.</exception>
    public bool Keep(SplitView split, VerifierKey log)
    {
        var path = Path.Combine(Folder, Name(split.One));
        Directory.CreateDirectory(Folder);
        if (File.Exists($"{path}.one") || Directory.GetFiles(Folder, $"{Log(split.One)}-*").Length >= FilesOfOne * Most)
        {
            return false;
        }

        Write($"{path}.key", log.ToString());
        Write($"{path}.other", split.Other.Note);
        Write($"{path}.one", split.One.Note);
        return true;
    }

    /// <summary>What is kept: the notes of each pair, and the log's key; null: it can't be read.</summary>
    /// <exception cref="IOException">The disk does not give it.</exception>
    public IReadOnlyList<(byte[] One, byte[] Other, VerifierKey? Log)> Read()
    {
        if (!Directory.Exists(Folder))
        {
            return [];
        }

        // The first of a pair is written last.
        var pairs = Directory.GetFiles(Folder, "*.one").Select(one => (One: one, Other: Path.ChangeExtension(one, ".other"), Key: Path.ChangeExtension(one, ".key")))
            .Where(pair => File.Exists(pair.Other) && File.Exists(pair.Key));
        return [.. pairs.Select(pair => (File.ReadAllBytes(pair.One), File.ReadAllBytes(pair.Other), VerifierKey.TryParse(File.ReadAllText(pair.Key), out var key) ? key : null))];
    }

    private static void Write(string path, string text)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write);
        file.Write(Encoding.UTF8.GetBytes(text));
        file.Flush(flushToDisk: true);
    }

    private static string Name(SeenCheckpoint checkpoint) => string.Create(CultureInfo.InvariantCulture, $"{Log(checkpoint)}-{checkpoint.Size}");

    private static string Log(SeenCheckpoint checkpoint) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(checkpoint.Log)))[..16];
}
