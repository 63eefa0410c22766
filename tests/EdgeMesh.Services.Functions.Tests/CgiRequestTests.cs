using EdgeMesh.Functions;
using EdgeMesh.Functions.Tests;
using EdgeMesh.Services.Functions.Triggers.Http;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>What a function is told of the request that calls it.</summary>
public sealed class CgiRequestTests
{
    [Fact]
    public async Task Call_OfATemplate_HasWhatStandsForItsNamesInTheEnvironment()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(PrintsEnvironment, FunctionsSite.Manifest("env", triggers: "  - http: { method: POST, path: '/rooms/{room}' }"));
        var (status, body) = await site.CallAsync("env", path: "rooms/blue");

        Assert.Equal(200, status);
        var variables = body.Split('\0');
        Assert.Contains("PATH_ROOM=blue", variables);
        Assert.Contains("EDGEMESH_FUNCTION=env", variables);
        Assert.Contains($"EDGEMESH_SITE={FunctionsSite.Site}", variables);
        Assert.Contains("EDGEMESH_TRIGGER=http", variables);
        Assert.Contains("REMOTE_USER=ada", variables);
        Assert.DoesNotContain(variables, v => v.Contains("EDGEMESH_CALLER", StringComparison.OrdinalIgnoreCase) || v.Contains("DAPR", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>A module that was written for them finds here what it finds there.</summary>
    [Fact]
    public async Task Call_OverHttp_HasTheVariablesAndArgumentsOfCgiWagiAndSpin()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(PrintsEnvironment, FunctionsSite.Manifest("env"));
        await site.DeployAsync(PrintsArguments, FunctionsSite.Manifest("args"));
        var variables = (await site.CallAsync("env", path: "run?a=1&b=%20")).Body.Split('\0').Where(v => v.Length > 0).Select(v => v.Split('=', 2)).ToDictionary(v => v[0], v => v[1]);

        Assert.Empty(((string[])
        [
            "AUTH_TYPE", "CONTENT_LENGTH", "CONTENT_TYPE", "GATEWAY_INTERFACE", "PATH_INFO", "PATH_TRANSLATED", "QUERY_STRING", "REMOTE_ADDR", "REMOTE_HOST", "REMOTE_USER",
            "REQUEST_METHOD", "SCRIPT_NAME", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "SERVER_SOFTWARE", "X_FULL_URL", "X_MATCHED_ROUTE",
        ]).Except(variables.Keys));
        Assert.Equal(("CGI/1.1", "/functions/env", "/run", "a=1&b=%20", "POST"), (
            variables["GATEWAY_INTERFACE"], variables["SCRIPT_NAME"], variables["PATH_INFO"], variables["QUERY_STRING"], variables["REQUEST_METHOD"]));
        Assert.EndsWith("/functions/env/run?a=1&b=%20", variables["X_FULL_URL"], StringComparison.Ordinal);
        Assert.Equal("args\0a=1\0b=%20\0", (await site.CallAsync("args", path: "run?a=1&b=%20")).Body);
    }

    /// <summary>The site was not told its own address, and the client says it wrongly.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("host:port")]
    public void Environment_OfARequestWithoutAHostThatIsOne_NamesLocalhost(string host)
    {
        var request = new DefaultHttpContext { Request = { Scheme = "http", Host = new HostString(host), Method = "POST" } }.Request;

        var environment = CgiRequest.Environment(request, "/functions/f", new HttpTrigger { Method = "POST", Path = "/run" }, "/run", [], 0, null);

        Assert.Equal(("localhost", "80", "http://localhost/functions/f/run"), (environment["SERVER_NAME"], environment["SERVER_PORT"], environment["X_FULL_URL"]));
    }

    /// <summary>Their variables would be those of headers that the gateway states.</summary>
    [Fact]
    public void Environment_OfHeadersWithUnderscores_DoesNotHaveThem()
    {
        var request = new DefaultHttpContext { Request = { Scheme = "http", Host = new HostString("here"), Method = "POST" } }.Request;
        request.Headers["X-Forwarded-For"] = "10.0.0.1";
        request.Headers["X_Forwarded_For"] = "forged";
        request.Headers["X_EdgeMesh_Caller"] = "forged";

        var environment = CgiRequest.Environment(request, "/functions/f", new HttpTrigger { Method = "POST", Path = "/run" }, "/run", [], 0, null);

        Assert.Equal("10.0.0.1", environment["HTTP_X_FORWARDED_FOR"]);
        Assert.DoesNotContain("forged", environment.Values);
    }

    /// <summary>Writes its whole environment, each variable ended by a zero byte, to stdout.</summary>
    private static byte[] PrintsEnvironment => Prints("environ");

    /// <summary>The same of its arguments.</summary>
    private static byte[] PrintsArguments => Prints("args");

    private static byte[] Prints(string what) => Wat.Command("""
        (drop (call $sizes (i32.const 32) (i32.const 36)))
        (drop (call $get (i32.const 1024) (i32.const 8192)))
        (i32.store (i32.const 0) (i32.const 8192)) (i32.store (i32.const 4) (i32.load (i32.const 36)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
        """, imports: $"""
        (import "wasi_snapshot_preview1" "{what}_sizes_get" (func $sizes (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "{what}_get" (func $get (param i32 i32) (result i32)))
        """);
}
