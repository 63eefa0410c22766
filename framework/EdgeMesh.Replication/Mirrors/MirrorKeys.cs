using System.Globalization;

namespace EdgeMesh.Replication.Mirrors;

/// <summary>The names of a mirror's rows and segments, apart from those of the site's own journals.</summary>
internal sealed class MirrorKeys(string site, JournalName journal)
{
    private readonly string _prefix = $"{site}/mirror/{journal}/";

    public string Head => _prefix + "head";

    public string Index(long number) => string.Create(CultureInfo.InvariantCulture, $"{_prefix}index/{number}");

    /// <summary>The random part keeps two writers from touching each other's segments.</summary>
    public string Segment(Wire.At first, ReadOnlySpan<byte> id) =>
        string.Create(CultureInfo.InvariantCulture, $"{_prefix}segment/{first.Epoch}/{first.Batch}/{first.Index}/{Convert.ToHexStringLower(id)}");
}
