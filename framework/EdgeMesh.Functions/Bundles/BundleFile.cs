using System.Formats.Tar;
using System.Text;
using EdgeMesh.Functions.Bundles;

namespace EdgeMesh.Functions;

/// <summary>A bundle as one file to carry by hand: a tar with <c>statement</c>, <c>function.yaml</c> and <c>module.wasm</c>, in this order and
/// without times or owners, so that the same bundle is the same file.</summary>
public static class BundleFile
{
    private const string Statement = "statement";
    private const string Manifest = "function.yaml";
    private const string Module = "module.wasm";
    private const int MaxModule = 16 * 1024 * 1024;
    private const int MaxText = 256 * 1024;

    /// <summary>The file's bytes.</summary>
    public static byte[] Write(FunctionBundle bundle)
    {
        using var file = new MemoryStream();
        using (var tar = new TarWriter(file, TarEntryFormat.Ustar, leaveOpen: true))
        {
            Add(tar, Statement, Encoding.UTF8.GetBytes(bundle.Statement.Text));
            Add(tar, Manifest, Encoding.UTF8.GetBytes(bundle.Statement.ManifestText));
            Add(tar, Module, bundle.Module.ToArray());
        }

        return file.ToArray();
    }

    /// <summary>Reads and verifies a file. Nothing of it is written anywhere, so no name in it can lead anywhere.</summary>
    public static async Task<BundleResult> ReadAsync(ReadOnlyMemory<byte> file, IReadOnlyCollection<DeployerIdentity> trusted)
    {
        var parts = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        try
        {
            await using var tar = new TarReader(new MemoryStream(file.ToArray(), writable: false));
            while (await tar.GetNextEntryAsync() is { } entry)
            {
                var limit = entry.Name switch { Statement or Manifest => MaxText, Module => MaxModule, _ => -1 };
                if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile) || entry.Length > limit || entry.DataStream is null || parts.ContainsKey(entry.Name))
                {
                    return Failed($"its entry '{entry.Name}' is not one of {Statement}, {Manifest}, {Module}, is there twice, or is too large");
                }

                var bytes = new byte[entry.Length];
                await entry.DataStream.ReadExactlyAsync(bytes);
                parts[entry.Name] = bytes;
            }
        }
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException or FormatException or IOException)
        {
            return Failed(error.Message);
        }

        return parts.Count == 3
            ? await FunctionBundle.ReadAsync(Encoding.UTF8.GetString(parts[Statement]), Encoding.UTF8.GetString(parts[Manifest]), parts[Module], trusted)
            : Failed($"it must hold {Statement}, {Manifest} and {Module}");
    }

    private static BundleResult Failed(string fault) => new(null, [$"the file is no function bundle: {fault}"]);

    private static void Add(TarWriter tar, string name, byte[] bytes) => tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name)
    {
        DataStream = new MemoryStream(bytes, writable: false),
        ModificationTime = DateTimeOffset.UnixEpoch,
        Mode = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
    });
}
