using System.Globalization;
using EdgeMesh.Services.Monitor.Alerting.Rules;
using EdgeMesh.Services.Monitor.Console.Text;

namespace EdgeMesh.Services.Monitor.Alerting.Conditions;

/// <summary>Figures as people read them.</summary>
internal static class Figures
{
    public static string Share(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.#} %");

    public static string Time(TimeSpan time) => Durations.Write(time);

    public static string Seconds(double seconds) => Time(TimeSpan.FromSeconds(seconds));

    /// <summary>A value of a series with its unit.</summary>
    public static string Value(double value, string unit) => unit switch
    {
        "By" => Amounts.Bytes(value),
        "s" when Math.Abs(value) < 1 => string.Create(CultureInfo.InvariantCulture, $"{value * 1000:0.###} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value:G4} {unit}").TrimEnd(),
    };
}
