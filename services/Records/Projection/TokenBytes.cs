using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace EdgeMesh.Services.Records.Projection;

/// <summary>A row's own list of tokens: eight bytes each, sorted, in the machine's order (the file never leaves the machine).</summary>
internal static class TokenBytes
{
    public static byte[] Write(ReadOnlySpan<long> tokens) => MemoryMarshal.AsBytes(tokens).ToArray();

    public static long[] Read(byte[] bytes) => MemoryMarshal.Cast<byte, long>(bytes).ToArray();

    public static ImmutableArray<long> ReadSorted(byte[] bytes) => ImmutableCollectionsMarshal.AsImmutableArray(Read(bytes));
}
