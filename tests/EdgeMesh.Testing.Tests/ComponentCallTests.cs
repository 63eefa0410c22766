using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace EdgeMesh.Testing.Tests;

/// <summary>What an app does with its components is recorded, and fails when the test says so: by Dapr's API, one block after the other.</summary>
public sealed class ComponentCallTests(ComponentCallTests.Host shared) : IClassFixture<ComponentCallTests.Host>
{
    private const string Resources = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: files }
        spec: { type: bindings.localstorage, version: v1, metadata: [{ name: rootPath, value: files }] }
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: vault }
        spec: { type: secretstores.local.file, version: v1, metadata: [{ name: secretsFile, value: secrets.json }] }
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: settings }
        spec: { type: configuration.edgemesh.sqlite, version: v1, metadata: [{ name: connectionString, value: settings.db }] }
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: locks }
        spec: { type: lock.edgemesh.sqlite, version: v1, metadata: [{ name: connectionString, value: locks.db }] }
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: keys }
        spec: { type: crypto.dapr.localstorage, version: v1, metadata: [{ name: path, value: . }] }
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private DaprTestHost Dapr => shared.Dapr;

    /// <summary>A request of the API, what is recorded of it, and the code that Dapr answers when the component fails.</summary>
    public static TheoryData<string, string, string, string> Uses => new()
    {
        { "POST /v1.0/bindings/files {\"operation\":\"create\",\"data\":\"hello\",\"metadata\":{\"fileName\":\"a.txt\"}}", "BindingInvocation test → files: create", "\"hello\"", "ERR_INVOKE_OUTPUT_BINDING" },
        { "GET /v1.0/secrets/vault/pin", "SecretRead test → vault: pin", "", "ERR_SECRET_GET" },
        { "GET /v1.0/secrets/vault/bulk", "SecretRead test → vault: ", "", "ERR_SECRET_GET" },
        { "GET /v1.0/configuration/settings?key=colour", "ConfigurationRead test → settings: colour", "", "ERR_CONFIGURATION_GET" },
        { "GET /v1.0/configuration/settings", "ConfigurationRead test → settings: ", "", "ERR_CONFIGURATION_GET" },
        { "POST /v1.0-alpha1/lock/locks {\"resourceId\":\"door\",\"lockOwner\":\"me\",\"expiryInSeconds\":60}", "Lock test → locks: door", "me", "ERR_TRY_LOCK" },
        { "POST /v1.0-alpha1/unlock/locks {\"resourceId\":\"door\",\"lockOwner\":\"me\"}", "Unlock test → locks: door", "me", "ERR_UNLOCK" },
        { "PUT /v1.0-alpha1/crypto/keys/encrypt secret", "Encrypt test → keys: wrap.key", "", "ERR_CRYPTO" },
        { "POST /v1.0-alpha1/jobs/tidy {\"schedule\":\"@yearly\",\"data\":\"up\",\"overwrite\":true}", "JobSchedule test → scheduler: tidy", "\"up\"", "DAPR_SCHEDULER_SCHEDULE_JOB" },
        { "GET /v1.0-alpha1/jobs/kept", "JobRead test → scheduler: kept", "", "DAPR_SCHEDULER_GET_JOB" },
        { "DELETE /v1.0-alpha1/jobs/tidy", "JobDelete test → scheduler: tidy", "", "DAPR_SCHEDULER_DELETE_JOB" },
    };

    [Theory]
    [MemberData(nameof(Uses))]
    public async Task Use_OfAComponent_IsRecorded(string request, string recorded, string data, string code)
    {
        Dapr.Calls.Clear();

        using var answer = await SendAsync(request);

        Assert.True(answer.IsSuccessStatusCode, $"{code} was not expected: {await answer.Content.ReadAsStringAsync(Token)}");
        var call = Assert.Single(Dapr.Calls.All);
        Assert.Equal((recorded, data), (call.ToString(), call.Text));
    }

    [Theory]
    [MemberData(nameof(Uses))]
    public async Task Fail_TheUseOfAComponent_TellsTheAppInDaprsWords(string request, string recorded, string data, string code)
    {
        Dapr.Calls.Clear();
        using var failing = Dapr.Faults.Fail(c => c.ToString() == recorded && c.Text == data);

        using var answer = await SendAsync(request);

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        var said = await answer.Content.ReadAsStringAsync(Token);
        Assert.Contains(code, said, StringComparison.Ordinal);
        Assert.Contains("the test's fault plan fails this call", said, StringComparison.Ordinal);
        Assert.NotNull(Assert.Single(Dapr.Calls.All).Failure);
    }

    [Fact]
    public async Task Drop_TheUseOfABinding_LooksDoneAndHasNoEffect()
    {
        using (Dapr.Faults.Drop(c => c is { Kind: CallKind.BindingInvocation, Name: "create" } && c.Metadata["fileName"] == "lost.txt"))
        {
            using var dropped = await SendAsync("POST /v1.0/bindings/files {\"operation\":\"create\",\"data\":\"1\",\"metadata\":{\"fileName\":\"lost.txt\"}}");
            Assert.True(dropped.IsSuccessStatusCode);
        }

        using var kept = await SendAsync("POST /v1.0/bindings/files {\"operation\":\"create\",\"data\":\"1\",\"metadata\":{\"fileName\":\"kept.txt\"}}");
        var folder = Path.Combine(Dapr.DataDirectory, "files");
        Assert.Equal((false, true), (File.Exists(Path.Combine(folder, "lost.txt")), File.Exists(Path.Combine(folder, "kept.txt"))));
    }

    [Fact]
    public async Task Drop_TheReadOfASecret_FindsNone()
    {
        using var dropping = Dapr.Faults.Drop(c => c.Kind == CallKind.SecretRead);

        using var answer = await SendAsync("GET /v1.0/secrets/vault/pin");

        Assert.Contains("secret pin not found", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LoseAnswer_OfALock_LeavesItTaken()
    {
        const string request = "POST /v1.0-alpha1/lock/locks {\"resourceId\":\"gate\",\"lockOwner\":\"me\",\"expiryInSeconds\":60}";
        using (Dapr.Faults.LoseAnswer(c => c is { Kind: CallKind.Lock, Name: "gate" }))
        {
            using var lost = await SendAsync(request);
            Assert.Equal(HttpStatusCode.InternalServerError, lost.StatusCode);
        }

        using var again = await SendAsync(request);
        Assert.Equal("{\"success\":false}", await again.Content.ReadAsStringAsync(Token));
    }

    [Fact]
    public async Task Decrypt_ADocument_IsRecordedAndFailsAsTheTestSays()
    {
        using var encrypted = await SendAsync("PUT /v1.0-alpha1/crypto/keys/encrypt secret");
        var document = await encrypted.Content.ReadAsByteArrayAsync(Token);
        Dapr.Calls.Clear();
        using var client = Dapr.SidecarClient("test");

        using var opened = await client.PutAsync("/v1.0-alpha1/crypto/keys/decrypt", new ByteArrayContent(document), Token);
        using var failing = Dapr.Faults.Fail(c => c is { Kind: CallKind.Decrypt, Name: "wrap.key" });
        using var refused = await client.PutAsync("/v1.0-alpha1/crypto/keys/decrypt", new ByteArrayContent(document), Token);

        Assert.Equal("secret", await opened.Content.ReadAsStringAsync(Token));
        Assert.Equal(HttpStatusCode.InternalServerError, refused.StatusCode);
        Assert.Equal([(CallKind.Decrypt, true), (CallKind.Decrypt, false)], Dapr.Calls.All.Select(c => (c.Kind, c.Failure is null)));
    }

    [Fact]
    public async Task Invocation_OfAServerOutside_IsRecordedAndFailsAsTheTestSays()
    {
        const string payments = "apiVersion: dapr.io/v1alpha1\nkind: HTTPEndpoint\nmetadata: { name: payments }\nspec: { baseUrl: \"http://127.0.0.1:1/v2\" }";
        await using var host = await DaprTestHost.StartAsync(new() { Apps = [new("test")], Resources = payments }, Token);
        using var client = host.InvokeClient(from: "test", to: "payments");

        using (host.Faults.Drop(c => c is { Kind: CallKind.Invocation, To: "payments", Text: "10 EUR" }))
        {
            using var dropped = await client.PostAsync("charges", new StringContent("10 EUR"), Token);
            Assert.Equal(HttpStatusCode.OK, dropped.StatusCode);
        }

        // Nobody listens there.
        using var real = await client.PostAsync("charges", new StringContent("10 EUR"), Token);
        Assert.Equal(HttpStatusCode.InternalServerError, real.StatusCode);
        Assert.Equal(
            [("test", "payments", "POST /v2/charges", true), ("test", "payments", "POST /v2/charges", false)],
            host.Calls.Of(CallKind.Invocation).Select(c => (c.From, c.To, c.Name, c.Failure is null)));
    }

    [Fact]
    public async Task Publish_WithMetadata_IsRecordedWithItAndWithTheApp()
    {
        await using var host = await DaprTestHost.StartAsync(new() { Apps = [new("test")] }, Token);

        await host.Dapr("test").PublishEventAsync("events", "raw", "hello", new Dictionary<string, string> { ["rawPayload"] = "true", ["ttlInSeconds"] = "60" }, Token);

        var call = Assert.Single(host.Calls.Of(CallKind.Publish));
        Assert.Equal(("test", "60"), (call.From, call.Metadata["ttlInSeconds"]));
    }

    /// <summary>Method, address and body, parted by blanks.</summary>
    private async Task<HttpResponseMessage> SendAsync(string request)
    {
        var parts = request.Split(' ', 3);
        using var client = Dapr.SidecarClient("test");
        using var message = new HttpRequestMessage(HttpMethod.Parse(parts[0]), parts[1])
        {
            Headers = { { "dapr-key-name", "wrap.key" }, { "dapr-key-wrap-algorithm", "AES" } },
            Content = parts.Length == 3 ? new StringContent(parts[2], Encoding.UTF8, "application/json") : null,
        };
        return await client.SendAsync(message, Token);
    }

    public sealed class Host : IAsyncLifetime
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgemesh-test-");

        public DaprTestHost Dapr { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            await File.WriteAllBytesAsync(Path.Combine(_folder.FullName, "wrap.key"), RandomNumberGenerator.GetBytes(32), Token);
            Dapr = await DaprTestHost.StartAsync(
                new() { Apps = [new("test")], Resources = Resources, DataDirectory = _folder.FullName, Secrets = new Dictionary<string, string> { ["pin"] = "1234" } }, Token);
            using var client = Dapr.SidecarClient("test");
            using var kept = await client.PostAsync("/v1.0-alpha1/jobs/kept", new StringContent("{\"schedule\":\"@yearly\"}"), Token);
            kept.EnsureSuccessStatusCode();
        }

        public async ValueTask DisposeAsync()
        {
            await Dapr.DisposeAsync();
            _folder.Delete(recursive: true);
        }
    }
}
