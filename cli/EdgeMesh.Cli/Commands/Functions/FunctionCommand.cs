using EdgeMesh.Cli.Terminal;

namespace EdgeMesh.Cli.Commands.Functions;

/// <summary><c>edgemesh function …</c></summary>
internal sealed class FunctionCommand : MeshCommand
{
    public FunctionCommand(MeshOptions options, Screen screen)
        : base("function", "Makes, deploys and operates WebAssembly functions",
            "function new greeter", "function build greeter", "function deploy greeter", "function invoke greeter --data Ada", "function list")
    {
        Add(new NewFunction(screen));
        Add(new BuildFunction(new FunctionOptions(options, screen)));
        Add(new DeployFunction(new FunctionOptions(options, screen)));
        Add(new ListFunctions(new FunctionOptions(options, screen)));
        Add(new FunctionLogs(new FunctionOptions(options, screen)));
        Add(new InvokeFunction(new FunctionOptions(options, screen)));
        Add(new RollBackFunction(new FunctionOptions(options, screen)));
        foreach (var (change, description) in ChangeRollout.All)
        {
            Add(new ChangeRollout(change, description, new FunctionOptions(options, screen)));
        }

        Add(new RemoveFunction(new FunctionOptions(options, screen)));
        Add(new ExportFunction(new FunctionOptions(options, screen)));
        Add(new ImportFunction(new FunctionOptions(options, screen)));
    }
}
