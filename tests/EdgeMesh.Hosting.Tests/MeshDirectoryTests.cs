using System.Security.Cryptography;

namespace EdgeMesh.Hosting.Tests;

public sealed class MeshDirectoryTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgemesh-test-");

    private string File => Path.Combine(_folder.FullName, "mesh.json");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Load_WhatSaveWrote_IsTheSame()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var exchange = RandomNumberGenerator.GetBytes(32);
        var written = new MeshDirectory("core",
        [
            new SiteEntry("core", "org-core", null, exchange, "core+1+A", key.ExportSubjectPublicKeyInfoPem(), true),
            new SiteEntry("clinic-a", "org-a", new Uri("https://127.0.0.1:7180/"), default, "", "", false),
        ]);

        written.Save(File);
        var read = MeshDirectory.Load(File);

        Assert.Equal("core", read.Self);
        Assert.Equal(exchange, read.This.ExchangeKey.ToArray());
        Assert.Equal(written.Sites.Select(Plain), read.Sites.Select(Plain));

        static SiteEntry Plain(SiteEntry entry) => entry with { ExchangeKey = default };
    }

    [Fact]
    public void Save_OverAnOldFile_LeavesNoOtherFileBehind()
    {
        var directory = new MeshDirectory("core", [new SiteEntry("core", "org-core", null, default, "", "", true)]);

        directory.Save(File);
        directory.Save(File);

        Assert.Single(_folder.GetFiles());
    }

    [Fact]
    public void Load_ManyFaults_TellsAllOfThemWithTheirKeys()
    {
        System.IO.File.WriteAllText(File, """
            {
              "self": "core", "colour": "red",
              "sites": [
                { "name": "Clinic A", "organization": "", "meshUrl": "http://x/", "exchangeKey": "AAAA", "callerKey": "none", "isCore": "yes", "links": [] },
                { "name": "clinic-b", "organization": "org-b" },
                { "name": "clinic-b", "organization": "org-b", "ledgerKey": 7 },
                17
              ]
            }
            """);

        var error = Assert.Throws<InvalidDataException>(() => MeshDirectory.Load(File));

        string[] faults =
        [
            "'colour'", "'sites[0].name'", "'sites[0].organization'", "'sites[0].meshUrl'", "'sites[0].exchangeKey'", "'sites[0].callerKey'",
            "'sites[0].isCore'", "'sites[0].links'", "'sites[2].ledgerKey'", "'sites[3]' must be an object", "lists 'clinic-b' 2 times", "'self' is 'core'",
        ];
        Assert.All(faults, fault => Assert.Contains(fault, error.Message, StringComparison.Ordinal));
        Assert.Equal(faults.Length, error.Message.Split(Environment.NewLine).Length);
    }

    [Theory]
    [InlineData("{ \"self\": ")]
    [InlineData("[]")]
    [InlineData("{ \"self\": \"core\", \"sites\": [] }")]
    public void Load_NoDirectory_NamesTheFile(string text)
    {
        System.IO.File.WriteAllText(File, text);

        Assert.Contains(File, Assert.Throws<InvalidDataException>(() => MeshDirectory.Load(File)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NoFile_NamesItAndSaysWhatToDo()
    {
        var error = Assert.Throws<InvalidDataException>(() => MeshDirectory.Load(File));

        Assert.Contains(File, error.Message, StringComparison.Ordinal);
        Assert.Contains("edgemesh up", error.Message, StringComparison.Ordinal);
    }
}
