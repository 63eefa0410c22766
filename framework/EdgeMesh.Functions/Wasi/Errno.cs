namespace EdgeMesh.Functions.Wasi;

/// <summary>Error numbers of WASI preview 1 (<c>errno</c> in <c>wasi_snapshot_preview1.witx</c>), those that this host answers.</summary>
internal static class Errno
{
    public const int Success = 0;
    public const int BadDescriptor = 8;
    public const int Fault = 21;
    public const int Invalid = 28;
    public const int NotImplemented = 52;
    public const int NotSupported = 58;
    public const int IllegalSeek = 70;
    public const int NotCapable = 76;
}
