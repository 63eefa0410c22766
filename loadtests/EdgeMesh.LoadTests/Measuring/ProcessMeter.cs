using System.Globalization;

namespace EdgeMesh.LoadTests.Measuring;

/// <summary>What a process has used, from <c>/proc</c>.</summary>
internal sealed class ProcessMeter(int id)
{
    /// <summary>Clock ticks of Linux: a hundred a second, on every machine that .NET runs on.</summary>
    private const double TicksPerSecond = 100;

    /// <summary>User and system time, in seconds.</summary>
    public double CpuSeconds()
    {
        // Behind the command's name in brackets, which may hold anything.
        var fields = File.ReadAllText($"/proc/{id}/stat").Split(") ", 2)[1].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>Proportional set size: its own pages, and its share of those it shares.</summary>
    public double PssMegabytes()
    {
        var line = File.ReadLines($"/proc/{id}/smaps_rollup").First(l => l.StartsWith("Pss:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024.0;
    }
}
