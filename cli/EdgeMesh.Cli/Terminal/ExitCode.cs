namespace EdgeMesh.Cli.Terminal;

/// <summary>What a script learns from the command's end.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int WrongUsage = 2;
}
