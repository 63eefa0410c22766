using System.Diagnostics;
using System.Text;
using System.Text.Json;
using CsCheck;
using EdgeMesh.Sidecar.BuildingBlocks.Actors;
using EdgeMesh.Sidecar.BuildingBlocks.Invocation;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using EdgeMesh.Sidecar.Cel;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Http;
using EdgeMesh.Sidecar.Metrics;
using EdgeMesh.Sidecar.Resiliency;
using EdgeMesh.Sidecar.Tracing;

namespace EdgeMesh.Sidecar.Tests.Fuzz;

/// <summary>Whatever stands in a resource, a header or a path: it is read or refused, and nothing else is thrown.</summary>
public sealed class RuleTests
{
    private static readonly JsonElement Event = JsonDocument.Parse("""{"type":"a","data":{"n":7,"list":[1,"b",null],"deep":{"x":true}},"":"","half":"\ud83d\ude00"}""").RootElement;

    private static readonly string[] CelWords =
        ["event", ".type", ".data", ".data.n", "[\"data\"]", "[0]", "[-1]", "[99999999999]", "==", "!=", "<", ">=", "in", "&&", "||", "!", "(", ")", "[", "]", ",", "has(", "size(", ".startsWith(", ".matches(", "\"a\"", "'(a+)+$'", "r\"\\\"", "\"\\u", "7", "-7", "1e999", "0x1f", "7u", "true", "null", "{", "}", "?", ":", "..", "\u00e9", "\0"];

    private static readonly string[] ConfigPieces =
        ["\"entities\"", "\"entitiesConfig\"", "\"actorIdleTimeout\"", "\"reentrancy\"", "\"enabled\"", "\"maxStackDepth\"", "\"\\ud800\"", "\"cat\"", "\"1h\"", "\"-1s\"", "\"x\"", "1e99", "-1", "true", "null", "{", "}", "[", "]", ":", ",", "{\"entities\":[\"cat\",\"\\ud800\"],\"actorIdleTimeout\":\"\\ud800\"}"];

    private static readonly Gen<string> Cels = Gen.Int[0, CelWords.Length - 1].Array[0, 14].Select(words => string.Join(' ', words.Select(w => CelWords[w])));
    private static readonly Gen<string> Durations = Gen.String[Gen.Char["0123456789.-+hmsuµn eENaI∞"], 0, 24];
    private static readonly Gen<string> Paths = Gen.String[Gen.Char["/.%2eEfF+?#ab{}\\\u0000\u00e9\ud83d\ude00 :"], 0, 40];
    private static readonly Gen<string> Patterns = Gen.String[Gen.Char["/{}.ab[](?<x>)*+|\\1$^"], 0, 30];

    [Fact]
    public void Cel_AnyWords_IsAConditionOrRefused_AndAnswersForAnyEvent() => Cels.Sample(text =>
    {
        if (CelExpression.TryParse(text, out var condition, out var fault))
        {
            condition.Evaluate(Event);
        }
        else
        {
            Assert.NotEmpty(fault);
        }
    }, iter: 20_000);

    [Theory]
    [InlineData("(", ")")]
    [InlineData("!", "")]
    [InlineData("[", "]")]
    [InlineData("-", "")]
    [InlineData("size(", ")")]
    [InlineData("event[", "]")]
    public void Cel_NestedAsDeepAsItsLengthAllows_Ends(string open, string close)
    {
        for (var depth = 1; depth <= 4096 / open.Length; depth *= 2)
        {
            var text = string.Concat(Enumerable.Repeat(open, depth)) + "event.type" + string.Concat(Enumerable.Repeat(close, depth));
            if (CelExpression.TryParse(text, out var condition, out _))
            {
                condition.Evaluate(Event);
            }
        }
    }

    [Fact]
    public void GoDuration_AnyText_NeverThrows() => Durations.Sample(text =>
    {
        if (GoDuration.TryParse(text, out var duration))
        {
            Assert.True(duration.Duration() < TimeSpan.MaxValue);
        }
    }, iter: 20_000);

    [Fact]
    public void StatusRanges_AnyText_HoldOnlyCodesOfTheProtocol() => Gen.String[Gen.Char["0123456789,- "], 0, 30].Sample(text =>
    {
        if (StatusRanges.TryParse(text, 100, 599, out var ranges))
        {
            Assert.False(ranges.Contains(99) || ranges.Contains(600));
        }
    }, iter: 20_000);

    [Fact]
    public void MethodPath_AnyPath_IsCleanOrRefused() => Paths.Sample(text =>
    {
        try
        {
            var path = MethodPath.Clean("beta", text);
            Assert.StartsWith("/", path, StringComparison.Ordinal);
            Assert.DoesNotContain("/../", path + "/", StringComparison.Ordinal);
            Assert.True(Uri.TryCreate(new Uri("http://app"), path, out _), path);
        }
        catch (DaprFault fault)
        {
            Assert.Equal("ERR_DIRECT_INVOKE", fault.Code);
        }
    }, iter: 20_000);

    [Fact]
    public void Collapse_AnyPath_HasNoDoubledSlash() => Paths.Sample(text => Assert.DoesNotContain("//", RequestPath.Collapse(text), StringComparison.Ordinal));

    [Fact]
    public void PathPattern_AnyPatternAndPath_NeverThrows() => Gen.Select(Patterns, Paths).Sample((pattern, path) =>
    {
        new PathPattern(pattern).Takes(path);
    }, iter: 20_000);

    [Fact]
    public void LabelRule_AnyPattern_IsARuleOrRefused_AndTakesItsTimeOnce() => Gen.Select(Patterns, Paths).Sample((pattern, value) =>
    {
        var started = Stopwatch.GetTimestamp();
        if (LabelRule.TryParse("dapr_http", "path", pattern, "$1", out var rule, out var fault))
        {
            rule.Apply(value);
        }
        else
        {
            Assert.NotEmpty(fault);
        }

        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(10), $"{pattern} takes for ever");
    });

    [Fact]
    public void BinaryTrace_AnyText_IsATraceOrNone() =>
        Gen.OneOf(Gen.Byte.Array[0, 33].Select(Convert.ToBase64String), Gen.String[Gen.Char["AQgw=+/-_ \u00e9"], 0, 50]).Sample(text =>
        {
            if (BinaryTrace.Read(text) is { } trace)
            {
                Assert.True(ActivityContext.TryParse(trace, null, out _) || trace.Contains("00000000", StringComparison.Ordinal), trace);
            }
        }, iter: 20_000);

    [Fact]
    public void GoJson_AnyStringThatParses_HasAText() => Gen.OneOf(Gen.Byte[32, 255], Gen.Byte[92, 93], Gen.Byte[117, 118], Gen.Byte[48, 57], Gen.Byte[100, 102]).Array[0, 24].Sample(
        bytes => JsonText.ReadIfAny([(byte)'"', .. bytes, (byte)'"'], json => GoJson.Text(json)), iter: 20_000);

    [Theory]
    [InlineData("\\ud800", "\ufffd")]
    [InlineData("a\\udc00\\ud83d\\ude00", "a\ufffd\ud83d\ude00")]
    public void GoJson_HalfACharacter_IsAReplacement(string json, string expected)
    {
        using var document = JsonDocument.Parse($"\"{json}\"");
        Assert.Equal(expected, GoJson.Text(document.RootElement));
    }

    /// <summary>As it comes from an app: what is no text becomes one before anybody reads it.</summary>
    [Fact]
    public void Subscriptions_WithHalfACharacter_AreServedWithAReplacement()
    {
        using var document = JsonDocument.Parse(GoJson.Mended("""[{"pubsubname":"pubsub","topic":"a\ud800","route":"/p","metadata":{"\ud800":"\ud800"}},{"pubsubname":"pubsub","topic":"b","route":"/p"}]"""u8));
        Assert.Equal(["a\ufffd", "b"], SubscriptionReader.Read(document.RootElement, []).Select(s => s.Topic));
    }

    [Fact]
    public void ActorConfig_AnyAnswer_IsSettingsOrNone() =>
        Gen.Int[0, ConfigPieces.Length - 1].Array[1, 12].Select(pieces => string.Concat(pieces.Select(p => ConfigPieces[p]))).Sample(
            text => JsonText.ReadIfAny(GoJson.Mended(Encoding.UTF8.GetBytes(text)), json => ActorConfig.Read(json, [])), iter: 20_000);
}
