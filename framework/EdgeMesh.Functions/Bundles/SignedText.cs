using System.Globalization;
using System.Text;

namespace EdgeMesh.Functions.Bundles;

/// <summary>A few lines of <c>key value</c> and who signed them: what both a bundle and a deployment are. The first line names the format and
/// its version, so a signature of one can't be taken for the other's.</summary>
internal sealed class SignedText
{
    private const string Mark = "\n— ";
    private const int MaxLength = 64 * 1024;

    private readonly IReadOnlyList<KeyValuePair<string, string>> _lines;

    private SignedText(string format, IReadOnlyList<KeyValuePair<string, string>> lines, string signer, string text) =>
        (Format, _lines, Signer, Text) = (format, lines, signer, text);

    public string Format { get; }

    public string Signer { get; }

    /// <summary>As it is stored and sent.</summary>
    public string Text { get; }

    public string? this[string key] => _lines.Where(l => l.Key == key).Select(l => l.Value).FirstOrDefault();

    public IEnumerable<string> All(string key) => _lines.Where(l => l.Key == key).Select(l => l.Value);

    public long? Number(string key) => long.TryParse(this[key], NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;

    public static SignedText Sign(string format, IReadOnlyList<KeyValuePair<string, string>> lines, DeployerKey key)
    {
        var body = new StringBuilder(format).Append('\n');
        foreach (var (name, value) in lines)
        {
            if (value.AsSpan().ContainsAny('\n', '\r') || name.Contains(' ', StringComparison.Ordinal))
            {
                throw new ArgumentException($"The line '{name}' does not fit on a line.", nameof(lines));
            }

            body.Append(name).Append(' ').Append(value).Append('\n');
        }

        var signed = body.ToString();
        return new SignedText(format, lines, key.Name, $"{signed}{Mark}{key.Name} {Convert.ToBase64String(key.Sign(Encoding.UTF8.GetBytes(signed)))}\n");
    }

    /// <summary>Reads and verifies; the fault says what is wrong.</summary>
    public static (SignedText? Value, string? Fault) Read(string format, string text, IReadOnlyCollection<DeployerIdentity> trusted)
    {
        var mark = text.LastIndexOf(Mark, StringComparison.Ordinal);
        if (text.Length > MaxLength || mark < 0 || !text.StartsWith(format + "\n", StringComparison.Ordinal) || text[^1] != '\n')
        {
            return (null, $"it is no {format}");
        }

        var body = text[..mark];
        if (text[(mark + Mark.Length)..^1].Split(' ') is not [var name, var encoded] || new byte[64] is var signature && (!Convert.TryFromBase64String(encoded, signature, out var length) || length != 64))
        {
            return (null, "its signature has no name or no 64 bytes");
        }

        if (trusted.FirstOrDefault(t => t.Name == name) is not { } signer)
        {
            return (null, $"'{name}' signed it, whom this site does not know as a deployer");
        }

        if (!signer.Verify(Encoding.UTF8.GetBytes(body), signature))
        {
            return (null, $"the signature of '{name}' does not fit: it was altered, or somebody else made it");
        }

        var lines = body.Split('\n').Skip(1).Where(l => l.Length > 0).Select(l => l.IndexOf(' ', StringComparison.Ordinal) is > 0 and var at
            ? KeyValuePair.Create(l[..at], l[(at + 1)..])
            : KeyValuePair.Create(l, "")).ToArray();
        return (new SignedText(format, lines, name, text), null);
    }
}
