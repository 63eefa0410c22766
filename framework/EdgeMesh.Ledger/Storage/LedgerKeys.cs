using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace EdgeMesh.Ledger.Storage;

/// <summary>The names of a ledger's rows and bodies. Everything that changes is compared and set (<see cref="Head"/>), or has the tree's
/// size in its name: a writer that lost its place may still write, but never over what came after it.</summary>
internal static class LedgerKeys
{
    /// <summary>Compare-and-set: the log's head.</summary>
    public const string Head = "head";

    /// <summary>A body: the note that was published last. Says too little when an old writer overwrote it, never too much.</summary>
    public const string Published = "published";

    /// <summary>Compare-and-set, created once: what a batch adds; deleted when it is applied.</summary>
    public static string Stage(long size, LogHash root) => Text($"stage/{size}-{Convert.ToHexStringLower(root.ToArray())}");

    /// <summary>A body that never changes: a full tile.</summary>
    public static string Tile(int level, long index) => Text($"tile/{level}/{index}");

    /// <summary>A body that never changes: a full bundle, but for its first pieces.</summary>
    public static string Bundle(long index) => Text($"entries/{index}");

    /// <summary>A body that never changes: a piece of a bundle whose bytes are too many for one value.</summary>
    public static string Piece(long bundle, int piece) => Text($"entries/{bundle}.{piece}");

    /// <summary>A body: the right edge of the tree of one size.</summary>
    public static string Tail(long size) => Text($"tail/{size}");

    /// <summary>A body that never changes: the checkpoint of one size.</summary>
    public static string Checkpoint(long size) => Text($"cp/{size}");

    /// <summary>A body: the newest checkpoint that witnesses cosigned, with what they signed.</summary>
    public const string Cosigned = "cosigned";

    /// <summary>Compare-and-set: what this site's witness keeps of another site's log.</summary>
    public static string Witnessed(string origin) => Text($"wit/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(origin)))}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
