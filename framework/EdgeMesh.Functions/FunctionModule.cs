using System.Security.Cryptography;
using Wasmtime;

namespace EdgeMesh.Functions;

/// <summary>A module that was checked and compiled for this machine. Made by <see cref="FunctionSandbox.Compile"/>; shared by all its calls.</summary>
public sealed class FunctionModule : IDisposable
{
    internal FunctionModule(Module module, string digest) => (Module, Digest) = (module, digest);

    /// <summary>SHA-256 of the WebAssembly bytes: <c>sha256:</c> and 64 hexadecimal digits.</summary>
    public string Digest { get; }

    internal Module Module { get; }

    /// <summary>The name of some bytes.</summary>
    public static string DigestOf(ReadOnlySpan<byte> wasm) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(wasm))}";

    /// <summary>Frees the machine code. No call may run.</summary>
    public void Dispose() => Module.Dispose();
}

/// <summary>What came of compiling.</summary>
/// <param name="Module">The module; null when it can't be used.</param>
/// <param name="Faults">Why not: each names what is wrong and what to do.</param>
public sealed record CompileResult(FunctionModule? Module, IReadOnlyList<string> Faults);
