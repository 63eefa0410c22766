using EdgeMesh.Services.Monitor.Alerting;
using EdgeMesh.Services.Monitor.Anomalies;
using EdgeMesh.Services.Monitor.Fleet;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Services.Monitor.Tests;

public sealed class OptionTests
{
    [Fact]
    public void Settings_AreTaken()
    {
        var configuration = Configuration(
            ("Fleet:ReportSeconds", "1"), ("Fleet:StaleSeconds", "2"), ("Fleet:OfflineSeconds", "3"), ("Fleet:FlapFalls", "4"), ("Fleet:FlapMinutes", "5"), ("Fleet:SteadySeconds", "6"), ("Fleet:Services", "a, b"),
            ("Alerts:Rules", "x.yaml"), ("Alerts:LookSeconds", "7"), ("Alerts:ConsoleUrl", "https://x/console/"), ("Anomalies:Series", "a.*,b"), ("Anomalies:MostSeries", "8"));
        var fleet = FleetOptions.Read(configuration);
        Assert.Equal((1, 2, 3, 4, 5, 6), (fleet.Interval.TotalSeconds, fleet.Rules.StaleAfter.TotalSeconds, fleet.Rules.OfflineAfter.TotalSeconds, fleet.Rules.FlapFalls, fleet.Rules.FlapWindow.TotalMinutes, fleet.Rules.SteadyFor.TotalSeconds));
        Assert.Equal(["a", "b"], fleet.Services);
        var alerts = AlertOptions.Read(configuration);
        Assert.Equal(("x.yaml", 7, "https://x/console"), (alerts.RulesFile, alerts.LookEvery.TotalSeconds, alerts.ConsoleUrl));
        var anomalies = AnomalyOptions.Read(configuration);
        Assert.Equal(8, anomalies.MostSeries);
        Assert.Equal(["a.*", "b"], anomalies.Series);
        var monitor = MonitorOptions.Read(Configuration(("StoreBytes", "8589934592"), ("ForwardLevel", "warning"), ("LogDays", "5"), ("OtlpHttpPort", "4318")));
        Assert.Equal((8589934592, LogLevel.Warning, 5, 4318, null), (monitor.StoreBytes, monitor.ForwardLevel, monitor.LogDays, monitor.OtlpHttpPort, monitor.OtlpGrpcPort));
    }

    [Fact]
    public void Console_IsAtTheSitesDoor_UnlessAnotherAddressIsGiven()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("EdgeMesh:Gateway:PublicUrl", "https://site/")]).Build();
        Assert.Equal("https://site/console", AlertOptions.Read(configuration).ConsoleUrl);
        Assert.Equal("/console", AlertOptions.Read(Configuration()).ConsoleUrl);
    }

    [Fact]
    public void Settings_ThatCantBe_AreAllTold()
    {
        var fleet = Assert.Throws<InvalidOperationException>(() => FleetOptions.Read(Configuration(("Fleet:ReportSeconds", "90"), ("Fleet:OfflineSeconds", "80"), ("Fleet:FlapFalls", "many"))));
        Assert.All(["Fleet:StaleSeconds is 90, and reports come every 90 s", "Fleet:OfflineSeconds is 80: give more", "Fleet:FlapFalls is 'many': give a whole number from 1 to 100"],
            part => Assert.Contains(part, fleet.Message, StringComparison.Ordinal));
        var monitor = Assert.Throws<InvalidOperationException>(() => MonitorOptions.Read(Configuration(("StoreBytes", "1"), ("ForwardLevel", "loud"), ("LogDays", "0"))));
        Assert.All(["StoreBytes is '1': give a whole number from 1048576 to 1099511627776", "ForwardLevel is 'loud': give one of Trace, Debug", "LogDays is '0'"],
            part => Assert.Contains("EdgeMesh:Monitor:" + part, monitor.Message, StringComparison.Ordinal));
        Assert.Throws<InvalidOperationException>(() => AlertOptions.Read(Configuration(("Alerts:ConsoleUrl", "console"))));
        Assert.Throws<InvalidOperationException>(() => AnomalyOptions.Read(Configuration(("Anomalies:MostSeries", "-1"))));
    }

    private static IConfiguration Configuration(params (string Key, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => new KeyValuePair<string, string?>("EdgeMesh:Monitor:" + s.Key, s.Value))).Build();
}
