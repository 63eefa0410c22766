namespace EdgeMesh.Services.Monitor.Console.Metrics;

/// <summary>A vertical axis with round steps that begins at nothing, or below when values do.</summary>
internal readonly record struct PlotScale(double Low, double High, double Step)
{
    private const int Steps = 4;

    /// <param name="values">What must find room.</param>
    /// <param name="unit">Bytes have steps that are round in powers of 1024.</param>
    public static PlotScale Of(IEnumerable<double> values, string unit = "")
    {
        var (low, high) = (0.0, 0.0);
        foreach (var value in values.Where(double.IsFinite))
        {
            (low, high) = (Math.Min(low, value), Math.Max(high, value));
        }

        if (high - low <= 0)
        {
            return new(low, low + 1, 0.5);
        }

        var step = (high - low) / Steps;
        var kilo = unit is "By" or "By/s" && high - low >= 1 ? Math.Pow(1024, Math.Floor(Math.Log(high - low, 1024))) : 1;
        step = Round(step / kilo) * kilo;
        return new(Math.Floor(low / step) * step, Math.Ceiling(high / step) * step, step);
    }

    public IEnumerable<double> Ticks
    {
        get
        {
            var (low, step, count) = (Low, Step, (int)Math.Round((High - Low) / Step));
            return Enumerable.Range(0, count + 1).Select(i => low + (i * step));
        }
    }

    /// <summary>Where a value lies, from 0 (low) to 1.</summary>
    public double At(double value) => Math.Clamp((value - Low) / (High - Low), 0, 1);

    /// <summary>1, 2 or 5 times a power of ten, at least as large.</summary>
    private static double Round(double step)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(step)));
        return (step / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 } * power;
    }
}
