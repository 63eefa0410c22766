using System.Globalization;

namespace EdgeMesh.Telemetry.Anomalies;

/// <summary>A series in a text file: <c>timestamp,value</c> on each line, a header or none.</summary>
public static class MeasurementFile
{
    /// <summary>No line of a timestamp and a number is longer: what is, is another kind of file.</summary>
    private const int LongestLine = 1000;

    /// <summary>Reads line by line, so a file may be larger than memory.</summary>
    /// <param name="path">The file. Timestamps are ISO 8601, also with a space for the T, in UTC where they state no offset; an empty value
    /// or <c>NaN</c> is a gap.</param>
    /// <returns>The points in the order of the file.</returns>
    /// <exception cref="FormatException">A line is not a point; says which, and why.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IEnumerable<Measurement> Read(string path)
    {
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            if (Fault(line, out var point) is not { } fault)
            {
                yield return point;
            }
            else if (number > 1)
            {
                throw new FormatException($"{path}, line {number}: {fault}");
            }
        }
    }

    private static string? Fault(string line, out Measurement point)
    {
        point = default;
        if (line.Length > LongestLine)
        {
            return "the line is too long for a timestamp and a number";
        }

        var comma = line.IndexOf(',', StringComparison.Ordinal);
        if (comma < 0)
        {
            return "a timestamp and a value are wanted, with a comma between them";
        }

        var (time, value) = (line[..comma].Trim(' ', '"'), line[(comma + 1)..].Trim(' ', '"'));
        if (!DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
        {
            return $"'{time}' is not a timestamp such as 2026-02-14 09:30:00";
        }

        var amount = double.NaN;
        if (value.Length > 0 && !double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out amount))
        {
            return $"'{value}' is not a number";
        }

        point = new(at, amount);
        return null;
    }
}
