using System.Net;
using Microsoft.Extensions.Configuration;

namespace EdgeMesh.Services.Gateway.Tests;

public sealed class GatewayOptionsReaderTests
{
    [Fact]
    public void Read_Nothing_GivesDefaultsAndShutDoors()
    {
        var options = Read();

        Assert.Equal((null, null, "127.0.0.1:5000"), (options.PublicPort, options.MeshPort, options.AppEndpoints.Single().ToString()));
    }

    [Fact]
    public void Read_ASitesSettings_TakesThem()
    {
        var options = Read(("urls", "http://localhost:7000;http://[::1]:7000"), ("EdgeMesh:Gateway:PublicUrl", "https://127.0.0.1:7101/"),
            ("EdgeMesh:Gateway:PublicPort", "7101"), ("EdgeMesh:Gateway:MeshPort", "7102"), ("EdgeMesh:Gateway:Address", "0.0.0.0"), ("EdgeMesh:Gateway:FeedSeconds", "30"));

        Assert.Equal((7101, 7102, IPAddress.Any), (options.PublicPort, options.MeshPort, options.Address));
        Assert.Equal(["127.0.0.1:7000", "[::1]:7000"], options.AppEndpoints.Select(e => e.ToString()));
        Assert.Equal("https://127.0.0.1:7101", options.Audience);
        Assert.Equal(TimeSpan.FromSeconds(30), options.FeedLimit);
    }

    [Fact]
    public void Read_WrongSettings_TellsAllFaultsWithTheirKeys()
    {
        var error = Assert.Throws<InvalidOperationException>(() => Read(
            ("urls", "http://0.0.0.0:5000"), ("EdgeMesh:Gateway:PublicPort", "70000"), ("EdgeMesh:Gateway:MeshPort", "x"), ("EdgeMesh:Gateway:Address", "here"),
            ("EdgeMesh:Gateway:PublicUrl", "http://a"), ("EdgeMesh:Gateway:BodyLimit", "0"), ("EdgeMesh:Gateway:BufferLimit", "5"), ("EdgeMesh:Gateway:RequestSeconds", "0")));

        Assert.All(["urls", "PublicPort", "MeshPort", "Address", "PublicUrl", "BodyLimit", "BufferLimit", "RequestSeconds"], key => Assert.Contains(key, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Read_PublicDoorWithoutAnAudience_IsAFault()
    {
        var error = Assert.Throws<InvalidOperationException>(() => Read(("EdgeMesh:Gateway:PublicPort", "0")));

        Assert.Contains("EdgeMesh:Gateway:PublicUrl", error.Message, StringComparison.Ordinal);
    }

    private static GatewayOptions Read(params (string Key, string Value)[] settings) => GatewayOptionsReader.Read(
        new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => (string?)s.Value)).Build());
}
