namespace EdgeMesh.Telemetry.Anomalies;

/// <summary>What the views found at one point: how much in all, and the view that was surprised most.</summary>
/// <param name="Sum">How far the point lies beyond what was seen, in widths of it, over all views.</param>
/// <param name="Most">The same of <paramref name="View"/> alone.</param>
/// <param name="View">The most surprised; the first that was asked where none is.</param>
/// <param name="Observed">What came, in the view's quantity.</param>
/// <param name="Expected">What was expected.</param>
/// <param name="Low">The lower end of what was possible.</param>
/// <param name="High">The upper end of what was possible.</param>
internal readonly record struct Surprise(double Sum, double Most, AnomalyView View, double Observed, double Expected, double Low, double High)
{
    public Surprise And(in Surprise other) => (other.Most > Most ? other : this) with { Sum = Sum + other.Sum };
}
