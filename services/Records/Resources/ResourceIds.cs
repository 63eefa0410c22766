namespace EdgeMesh.Services.Records.Resources;

/// <summary>Assigns ids: <c>{site}-{random}</c>, unique in the mesh without asking anybody. The random part has no hyphen, so the site
/// can be read from an id.</summary>
/// <param name="site">This site.</param>
/// <param name="fill">Fills a span with random bytes.</param>
internal sealed class ResourceIds(string site, ResourceIds.Fill fill)
{
    public delegate void Fill(Span<byte> bytes);

    private const string Digits = "0123456789abcdefghjkmnpqrstvwxyz";
    private const int Length = 20;

    public string Next()
    {
        Span<byte> random = stackalloc byte[Length];
        fill(random);
        Span<char> text = stackalloc char[Length];
        for (var i = 0; i < Length; i++)
        {
            text[i] = Digits[random[i] & 31];
        }

        return $"{site}-{text}";
    }

    /// <summary>The site that assigned an id; null when none did.</summary>
    public static string? SiteOf(string id) => id.LastIndexOf('-') is var hyphen and > 0 ? id[..hyphen] : null;
}
