namespace EdgeMesh.Services.Monitor.Tests;

/// <summary>Prints what was measured in the form in which <c>edgemesh bench telemetry</c>, which runs these tests, reads it.</summary>
internal static class Figure
{
    /// <param name="name">With its unit.</param>
    /// <param name="value">What was measured.</param>
    public static void Print(string name, double value) =>
        TestContext.Current.TestOutputHelper!.WriteLine(FormattableString.Invariant($"figure: {name} {value:0.#}"));
}
