using System.Text;

namespace EdgeMesh.Functions.Tests;

/// <summary>A sandbox of its own for each test.</summary>
public abstract class SandboxFixture : IDisposable
{
    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected FunctionSandbox Sandbox { get; } = new(new SandboxOptions { Concurrency = 2 }, TimeProvider.System);

    private protected SandboxedFunction Add(byte[] wasm, FunctionShare? share = null)
    {
        var compiled = Sandbox.Compile(wasm);
        Assert.Empty(compiled.Faults);
        return Sandbox.Add(compiled.Module!, share ?? new FunctionShare());
    }

    private protected Task<CallResult> RunAsync(byte[] wasm, CallInput? input = null) => Add(wasm).CallAsync(input ?? new CallInput(), Cancel);

    private protected static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    public void Dispose()
    {
        Sandbox.Dispose();
        GC.SuppressFinalize(this);
    }
}
