using System.Security.Cryptography;
using Wasmtime;

namespace EdgeMesh.Functions;

/// <summary>A module that was checked and compiled for this machine. Made by <see cref="FunctionSandbox"/>, which frees it at its own
/// end if nobody did before; shared by all its calls.</summary>
public sealed class FunctionModule : IDisposable
{
    private readonly Action<FunctionModule> _forget;

    internal FunctionModule(Module module, string digest, Action<FunctionModule> forget) => (Module, Digest, _forget) = (module, digest, forget);

    /// <summary>SHA-256 of the WebAssembly bytes: <c>sha256:</c> and 64 hexadecimal digits.</summary>
    public string Digest { get; }

    internal Module Module { get; }

    /// <summary>The name of some bytes.</summary>
    public static string DigestOf(ReadOnlySpan<byte> wasm) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(wasm))}";

    /// <summary>Its machine code, for <see cref="FunctionSandbox.Restore"/>.</summary>
    public byte[] ToMachineCode() => Module.Serialize();

    /// <summary>Frees the machine code. No call may run.</summary>
    public void Dispose()
    {
        Module.Dispose();
        _forget(this);
    }
}

/// <summary>What came of compiling.</summary>
/// <param name="Module">The module; null when it can't be used.</param>
/// <param name="Faults">Why not: each names what is wrong and what to do.</param>
public sealed record CompileResult(FunctionModule? Module, IReadOnlyList<string> Faults);
