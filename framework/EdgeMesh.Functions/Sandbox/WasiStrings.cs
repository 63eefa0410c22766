using System.Text;

namespace EdgeMesh.Functions.Sandbox;

/// <summary>Arguments or environment as WASI hands them over: strings that end with a zero byte, and where each begins.</summary>
internal sealed class WasiStrings
{
    private static readonly WasiStrings Empty = new([], []);

    private WasiStrings(byte[] bytes, int[] offsets) => (Bytes, Offsets) = (bytes, offsets);

    public byte[] Bytes { get; }

    public int[] Offsets { get; }

    public static WasiStrings Of(IReadOnlyList<string> strings)
    {
        if (strings.Count == 0)
        {
            return Empty;
        }

        var bytes = new byte[strings.Sum(s => Encoding.UTF8.GetByteCount(s) + 1)];
        var offsets = new int[strings.Count];
        for (int i = 0, at = 0; i < strings.Count; i++)
        {
            offsets[i] = at;
            at += Encoding.UTF8.GetBytes(strings[i], bytes.AsSpan(at)) + 1;
        }

        return new WasiStrings(bytes, offsets);
    }
}
