using EdgeMesh.Sidecar.Resources;

namespace EdgeMesh.Sidecar.Tests.Resources;

/// <summary>Variables in a Configuration's text, as Go replaces them.</summary>
public sealed class EnvironmentVariablesTests
{
    private static readonly Dictionary<string, string> Environment = new() { ["SITE"] = "clinic-a", ["_2"] = "two" };

    [Theory]
    [InlineData("at $SITE.", "at clinic-a.")]
    [InlineData("${SITE}s $_2", "clinic-as two")]
    [InlineData("$SITES ${NONE}|$NONE", " |")]
    [InlineData("$1x $$ ${} ${*} %SITE%", "x    %SITE%")]
    [InlineData("^a$ $. cost: 5$", "^a$ $. cost: 5$")]
    [InlineData("${A-B} ${SITE", " SITE")]
    public void Expand_Text_IsAsGoMakesIt(string text, string expected) => Assert.Equal(expected, EnvironmentVariables.Expand(text, Environment));
}
