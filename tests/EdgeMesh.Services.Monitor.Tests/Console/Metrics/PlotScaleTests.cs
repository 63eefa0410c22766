using EdgeMesh.Services.Monitor.Console.Metrics;

namespace EdgeMesh.Services.Monitor.Tests.Console.Metrics;

public sealed class PlotScaleTests
{
    [Theory]
    [InlineData(new[] { 0.2, 1.9 }, 0, 2, 0.5)]
    [InlineData(new[] { 7.0, 93 }, 0, 100, 50)]
    [InlineData(new[] { -3.0, 8 }, -5, 10, 5)]
    [InlineData(new[] { 5.0 }, 0, 6, 2)]
    [InlineData(new double[0], 0, 1, 0.5)]
    [InlineData(new[] { 0.0, 0 }, 0, 1, 0.5)]
    [InlineData(new[] { double.NaN, 4, double.PositiveInfinity }, 0, 4, 1)]
    public void Of_Values_HasRoundStepsFromNothing(double[] values, double low, double high, double step)
    {
        var scale = PlotScale.Of(values);

        Assert.Equal((low, high, step), (scale.Low, scale.High, Math.Round(scale.Step, 6)));
        Assert.Equal(low, scale.Ticks.First());
        Assert.Equal(high, scale.Ticks.Last(), 6);
    }

    [Theory]
    [InlineData(100_000_000, 104_857_600, 52_428_800)]
    [InlineData(3000, 3072, 1024)]
    [InlineData(700, 800, 200)]
    public void Of_Bytes_HasStepsThatAreRoundAsBytesAreSaid(double most, double high, double step)
    {
        var scale = PlotScale.Of([most], "By");

        Assert.Equal((0, high, step), (scale.Low, scale.High, scale.Step));
    }

    [Fact]
    public void At_OutsideTheScale_StaysAtItsEdge()
    {
        var scale = PlotScale.Of([0, 10]);

        Assert.Equal((0, 0.5, 1), (scale.At(-5), scale.At(5), scale.At(50)));
    }
}
