using EdgeMesh.Functions.Sandbox;
using Wasmtime;

namespace EdgeMesh.Functions.Wasi;

/// <summary>WASI preview 1 for a command: the three streams, arguments, environment, clocks, randomness. Whatever would reach a file, a
/// folder, a socket or another process is there, so that C libraries link, and answers that it may not.</summary>
internal static class WasiPreview1
{
    public const string Module = "wasi_snapshot_preview1";

    public static void Define(Linker linker)
    {
        linker.DefineFunction(Module, "args_sizes_get", (Caller c, int count, int size) => ProcessCalls.Sizes(c, ActiveCall.Of(c).Arguments, count, size));
        linker.DefineFunction(Module, "args_get", (Caller c, int pointers, int bytes) => ProcessCalls.Copy(c, ActiveCall.Of(c).Arguments, pointers, bytes));
        linker.DefineFunction(Module, "environ_sizes_get", (Caller c, int count, int size) => ProcessCalls.Sizes(c, ActiveCall.Of(c).Environment, count, size));
        linker.DefineFunction(Module, "environ_get", (Caller c, int pointers, int bytes) => ProcessCalls.Copy(c, ActiveCall.Of(c).Environment, pointers, bytes));
        linker.DefineFunction(Module, "clock_res_get", (Caller c, int clock, int resolution) => ProcessCalls.Resolution(c, clock, resolution));
        linker.DefineFunction(Module, "clock_time_get", (Caller c, int clock, long precision, int time) => ProcessCalls.Time(c, clock, time));
        linker.DefineFunction(Module, "random_get", (Caller c, int address, int length) => ProcessCalls.Random(c, address, length));
        linker.DefineFunction(Module, "proc_exit", (Caller c, int code) => ProcessCalls.Exit(c, code));
        linker.DefineFunction(Module, "sched_yield", () => Errno.Success);
        linker.DefineFunction(Module, "fd_read", (Caller c, int descriptor, int pieces, int count, int read) => StreamCalls.Read(c, descriptor, pieces, count, read));
        linker.DefineFunction(Module, "fd_write", (Caller c, int descriptor, int pieces, int count, int written) => StreamCalls.Write(c, descriptor, pieces, count, written));
        linker.DefineFunction(Module, "fd_fdstat_get", (Caller c, int descriptor, int state) => StreamCalls.State(c, descriptor, state));
        linker.DefineFunction(Module, "fd_filestat_get", (Caller c, int descriptor, int state) => StreamCalls.FileState(c, descriptor, state));
        linker.DefineFunction(Module, "fd_close", (int descriptor) => StreamCalls.Close(descriptor));
        linker.DefineFunction(Module, "fd_seek", (int descriptor, long offset, int whence, int position) => StreamCalls.Seek(descriptor));
        linker.DefineFunction(Module, "fd_tell", (int descriptor, int position) => StreamCalls.Seek(descriptor));
        DefineRefused(linker);
    }

    /// <summary>By parameters: i is an int, l a long. All answer with one error number.</summary>
    private static void DefineRefused(Linker linker)
    {
        foreach (var (name, parameters) in new (string, string)[]
        {
            ("fd_advise", "illi"), ("fd_allocate", "ill"), ("fd_datasync", "i"), ("fd_fdstat_set_flags", "ii"), ("fd_fdstat_set_rights", "ill"),
            ("fd_filestat_set_size", "il"), ("fd_filestat_set_times", "illi"), ("fd_pread", "iiili"), ("fd_prestat_get", "ii"),
            ("fd_prestat_dir_name", "iii"), ("fd_pwrite", "iiili"), ("fd_readdir", "iiili"), ("fd_renumber", "ii"), ("fd_sync", "i"),
        })
        {
            Refuse(linker, name, parameters, Errno.BadDescriptor);
        }

        foreach (var (name, parameters) in new (string, string)[]
        {
            ("path_create_directory", "iii"), ("path_filestat_get", "iiiii"), ("path_filestat_set_times", "iiiilli"), ("path_link", "iiiiiii"),
            ("path_open", "iiiiillii"), ("path_readlink", "iiiiii"), ("path_remove_directory", "iii"), ("path_rename", "iiiiii"),
            ("path_symlink", "iiiii"), ("path_unlink_file", "iii"), ("sock_accept", "iii"), ("sock_recv", "iiiiii"), ("sock_send", "iiiii"), ("sock_shutdown", "ii"),
        })
        {
            Refuse(linker, name, parameters, Errno.NotCapable);
        }

        Refuse(linker, "poll_oneoff", "iiii", Errno.NotSupported);
        Refuse(linker, "proc_raise", "i", Errno.NotImplemented);
    }

    private static void Refuse(Linker linker, string name, string parameters, int error) => linker.DefineFunction(
        Module, name, (Caller _, ReadOnlySpan<ValueBox> _, Span<ValueBox> results) => results[0] = error,
        [.. parameters.Select(p => p == 'l' ? ValueKind.Int64 : ValueKind.Int32)], [ValueKind.Int32]);
}
