using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using EdgeMesh.MeshTests.Processes;

namespace EdgeMesh.MeshTests;

/// <summary>What a user can do wrong at a running site: each gets an answer that says what to do, and nothing is half-written.</summary>
public sealed class BadInputTests(RunningMesh mesh) : IClassFixture<RunningMesh>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Post_HundredMegabytes_IsRefusedAsTooLarge()
    {
        using var client = await mesh.PractitionerAsync();
        var resource = Encoding.UTF8.GetBytes("""{"resourceType":"Patient","name":[{"family":"Enormous"}]}""");
        var whole = new byte[100 * 1024 * 1024];
        whole.AsSpan().Fill((byte)' ');
        resource.CopyTo(whole, 0);
        using var body = new ByteArrayContent(whole) { Headers = { ContentType = new("application/fhir+json") } };

        using var answer = await client.PostAsync("/fhir/Patient", body, Cancellation);

        Assert.Equal((413, "body-too-large"), Of(await RunningMesh.OutcomeAsync(answer)));
        Assert.Equal(0, await CountAsync(client, "Enormous"));
    }

    [Fact]
    public async Task Post_BodyCutOffHalfway_StoresNothing()
    {
        using var client = await mesh.PractitionerAsync();
        // A whole resource that says it is longer: only its missing end keeps it from being stored.
        var resource = """{"resourceType":"Patient","name":[{"family":"Halfway"}],"active":true}""";
        using (var tcp = new TcpClient())
        {
            await tcp.ConnectAsync("127.0.0.1", mesh.GatewayPort, Cancellation);
            await using var tls = new SslStream(tcp.GetStream(), leaveInnerStreamOpen: false, mesh.IsOurs);
            await tls.AuthenticateAsClientAsync("127.0.0.1");
            var head = $"POST /fhir/Patient HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {client.DefaultRequestHeaders.Authorization}\r\nContent-Type: application/fhir+json\r\nContent-Length: {resource.Length + 40}\r\n\r\n";
            await tls.WriteAsync(Encoding.UTF8.GetBytes(head + resource), Cancellation);
            await tls.ShutdownAsync();
            tcp.Client.Shutdown(SocketShutdown.Send);
            await EndAsync(tls);
        }

        Assert.Equal(0, await CountAsync(client, "Halfway"));
    }

    [Theory]
    [InlineData("{\"hello\":1}")]
    [InlineData("not json")]
    [InlineData("{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"resource\":{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"Notfhir\"}]},\"request\":{\"method\":\"POST\",\"url\":\"Patient\"}},{\"resource\":{\"resourceType\":\"Spaceship\"},\"request\":{\"method\":\"POST\",\"url\":\"Spaceship\"}}]}")]
    public async Task PostBundle_NotFhir_Is400AndNothingOfItStands(string body)
    {
        using var client = await mesh.PractitionerAsync();
        using var content = RunningMesh.Fhir(body);
        using var answer = await client.PostAsync("/fhir", content, Cancellation);

        Assert.Equal(400, (await RunningMesh.OutcomeAsync(answer)).Status);
        Assert.Equal(0, await CountAsync(client, "Notfhir"));
    }

    [Fact]
    public async Task PostBundle_OneWrongReference_NothingOfItStands()
    {
        using var client = await mesh.PractitionerAsync();
        using var content = RunningMesh.Fhir("""
            {"resourceType":"Bundle","type":"transaction","entry":[
              {"resource":{"resourceType":"Patient","name":[{"family":"Dangling"}]},"request":{"method":"POST","url":"Patient"}},
              {"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/nobody"}},"request":{"method":"POST","url":"Observation"}}]}
            """);
        using var answer = await client.PostAsync("/fhir", content, Cancellation);

        var (status, code, text) = await RunningMesh.OutcomeAsync(answer);
        Assert.Equal((422, "reference-not-found"), (status, code));
        Assert.Contains("'Patient/nobody'", text, StringComparison.Ordinal);
        Assert.Equal(0, await CountAsync(client, "Dangling"));
    }

    [Fact]
    public async Task Post_IdWithDots_IsRefused()
    {
        using var client = await mesh.PractitionerAsync();
        using var content = RunningMesh.Fhir("""{"resourceType":"Patient","id":"../../etc","name":[{"family":"Dotted"}]}""");
        using var answer = await client.PostAsync("/fhir/Patient", content, Cancellation);
        using var path = await client.GetAsync(new Uri($"https://127.0.0.1:{mesh.GatewayPort}/fhir/Patient/..%2f..%2fmesh"), Cancellation);

        Assert.Equal(400, (await RunningMesh.OutcomeAsync(answer)).Status);
        Assert.Equal((400, "path-not-allowed"), Of(await RunningMesh.OutcomeAsync(path)));
        Assert.Equal(0, await CountAsync(client, "Dotted"));
    }

    [Fact]
    public async Task Get_ForgedToken_Is401()
    {
        using var client = await mesh.PractitionerAsync();
        var token = client.DefaultRequestHeaders.Authorization!.Parameter!;
        client.DefaultRequestHeaders.Authorization = new("Bearer", token[..^6] + (token[^6] == 'A' ? 'B' : 'A') + token[^5..]);
        using var answer = await client.GetAsync("/fhir/Patient", Cancellation);

        Assert.Equal((401, "token-forged"), Of(await RunningMesh.OutcomeAsync(answer)));
    }

    [Fact]
    public async Task RecordsLoad_FolderWithoutFhir_NamesTheFileAndFails()
    {
        var folder = Directory.CreateTempSubdirectory("edgemesh-nofhir-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "x.json"), """{"a":1}""", Cancellation);
            var result = await mesh.RunAsync("records", "load", folder, "--site", "clinic-a");

            Assert.Equal(1, result.ExitCode);
            Assert.Contains("x.json is not a FHIR resource", result.Errors, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Up_UnknownComponentType_NamesFileAndTypeAndStartsNothing()
    {
        var folder = Directory.CreateTempSubdirectory("edgemesh-components-").FullName;
        try
        {
            foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "components", "embedded"), "*.yaml"))
            {
                var text = await File.ReadAllTextAsync(file, Cancellation);
                await File.WriteAllTextAsync(Path.Combine(folder, Path.GetFileName(file)), text.Replace("state.sqlite", "state.nosuch", StringComparison.Ordinal), Cancellation);
            }

            var result = await EdgeMeshCommand.RunAsync(
                TimeSpan.FromSeconds(90), Cancellation, "up", "-d", "--components", folder, "--data-dir", Path.Combine(folder, "data"), "--port-shift", "21000");

            Assert.Equal(1, result.ExitCode);
            Assert.Contains("heads.yaml:6: component 'heads' has type 'state.nosuch'", result.ToString(), StringComparison.Ordinal);
            Assert.Contains("was stopped", result.Errors, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The gateway has read all there is, and has given up on the rest.</summary>
    private static async Task EndAsync(SslStream tls)
    {
        var buffer = new byte[1024];
        try
        {
            while (await tls.ReadAsync(buffer, Cancellation) > 0)
            {
            }
        }
        catch (IOException)
        {
            // A reset is an end too.
        }
    }

    private static async Task<int> CountAsync(HttpClient client, string family)
    {
        using var found = JsonDocument.Parse(await client.GetStringAsync($"/fhir/Patient?name={family}", Cancellation));
        return found.RootElement.TryGetProperty("entry", out var entries) ? entries.GetArrayLength() : 0;
    }

    private static (int, string?) Of((int Status, string? Code, string Text) outcome) => (outcome.Status, outcome.Code);
}
