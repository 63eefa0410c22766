namespace EdgeMesh.Services.Monitor.Console.Hosting;

/// <summary>What the console reads at start, checked. Keys below <c>EdgeMesh:Monitor:Console:</c>.</summary>
internal sealed record ConsoleOptions
{
    private const string Section = "EdgeMesh:Monitor:Console";
    private const int Usual = 20;

    /// <summary><c>WarmSeconds</c>: so long after the start the first pages are drawn for nobody; null: never. By default at a core alone, for that
    /// is where people come, and elsewhere it would be memory for nothing.</summary>
    public TimeSpan? WarmAfter { get; init; }

    /// <exception cref="InvalidOperationException">Settings are wrong; the message lists all that are.</exception>
    public static ConsoleOptions Read(IConfiguration configuration, bool isCore)
    {
        var reader = new OptionReader(configuration, Section);
        var seconds = reader.Number("WarmSeconds", isCore ? Usual : 0, 0, 3600);
        reader.Done();
        return new() { WarmAfter = seconds == 0 ? null : TimeSpan.FromSeconds(seconds) };
    }
}
