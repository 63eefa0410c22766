using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace EdgeMesh.Services.Records.Audit;

/// <summary>What the ledger holds of one event: a header that says who and when under pseudonyms, and the AuditEvent sealed under the
/// patient's audit key. Layout: version (1) ‖ event id (16) ‖ Unix milliseconds, big-endian (8) ‖ outcome (1) ‖ length of site (1) ‖
/// site ‖ patient pseudonym (16; zero: none) ‖ actor pseudonym (16) ‖ envelope. The header is the envelope's associated data.</summary>
internal static class AuditEntry
{
    /// <summary>An entry of the ledger is at most 65,535 bytes. An event with so many takes no further resource; the rest is for the last
    /// one, the rules, header and envelope.</summary>
    public const int FullEvent = 48_000;

    private const byte FormatVersion = 1;
    private const int Pseudonym = 16;
    private const int FixedHeader = 1 + 16 + 8 + 1 + 1 + 2 * Pseudonym;

    public static byte[] Header(Guid id, DateTimeOffset recorded, AccessOutcome outcome, string site, string? patient, string actor)
    {
        var siteLength = Encoding.UTF8.GetByteCount(site);
        var header = new byte[FixedHeader + siteLength];
        header[0] = FormatVersion;
        id.TryWriteBytes(header.AsSpan(1), bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(17), recorded.ToUnixTimeMilliseconds());
        header[25] = (byte)outcome;
        header[26] = checked((byte)siteLength);
        Encoding.UTF8.GetBytes(site, header.AsSpan(27));
        var rest = header.AsSpan(27 + siteLength);
        if (patient is not null)
        {
            Convert.FromHexString(patient, rest, out _, out _);
        }

        Convert.FromHexString(actor, rest[Pseudonym..], out _, out _);
        return header;
    }

    /// <summary>Splits an entry; false when it is not one of this format.</summary>
    public static bool TrySplit(ReadOnlyMemory<byte> entry, out ReadOnlyMemory<byte> header, out ReadOnlyMemory<byte> envelope)
    {
        (header, envelope) = (default, default);
        if (entry.Length <= FixedHeader || entry.Span[0] != FormatVersion)
        {
            return false;
        }

        var length = FixedHeader + entry.Span[26];
        if (entry.Length <= length)
        {
            return false;
        }

        (header, envelope) = (entry[..length], entry[length..]);
        return true;
    }

    /// <summary>The patient's pseudonym; 16 zero bytes when the event is about none; empty when it is no entry.</summary>
    public static ReadOnlySpan<byte> PatientOf(ReadOnlyMemory<byte> entry) =>
        TrySplit(entry, out var header, out _) ? header.Span[^(2 * Pseudonym)..^Pseudonym] : [];

    public static Guid NewId() => new(RandomNumberGenerator.GetBytes(16));
}
