using System.Globalization;

namespace EdgeMesh.Cli.Bench;

/// <summary>What a process really costs: its proportional set size, where pages shared by N processes count 1/N.</summary>
internal static class MemoryMeter
{
    /// <summary>In bytes; null where the system does not tell.</summary>
    public static long? ProportionalSetSize(int pid)
    {
        var file = $"/proc/{pid}/smaps_rollup";
        try
        {
            var line = File.ReadLines(file).FirstOrDefault(l => l.StartsWith("Pss:", StringComparison.Ordinal));
            return line is null ? null : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
