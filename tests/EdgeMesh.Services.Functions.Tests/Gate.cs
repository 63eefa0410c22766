using EdgeMesh.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>A service that holds whoever invokes it (<c>POST gate/pass</c>) until the test opens it, and remembers what came.</summary>
internal sealed class Gate
{
    public const string Target = "POST gate/pass";

    /// <summary>For a manifest: may pass the gate, and has time to wait.</summary>
    public const string Grant = "permissions: { invoke: [\"POST gate/pass\"] }\nlimits: { time: 10m }";

    private readonly Lock _lock = new();
    private readonly List<string> _came = [];
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Gate(bool isOpen = false)
    {
        if (isOpen)
        {
            Open();
        }
    }

    /// <summary>What whoever passes is answered.</summary>
    public string Answer { get; init; } = "";

    /// <summary>The bodies, in the order in which they came.</summary>
    public IReadOnlyList<string> Came
    {
        get
        {
            lock (_lock)
            {
                return [.. _came];
            }
        }
    }

    public void Open() => _open.TrySetResult();

    /// <summary>Waits until so many stand at the gate, or went through.</summary>
    public async Task<IReadOnlyList<string>> CameAsync(int count)
    {
        for (var looks = 0; Came.Count < count; looks++)
        {
            Assert.True(looks < 3_000, $"only {Came.Count} came to the gate");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        return Came;
    }

    public TestApp App => new("gate", builder =>
    {
        var web = builder.Build();
        web.MapPost("/pass", async (HttpContext context) =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var body = await reader.ReadToEndAsync(context.RequestAborted);
            lock (_lock)
            {
                _came.Add(body);
            }

            await _open.Task.WaitAsync(context.RequestAborted);
            await context.Response.WriteAsync(Answer, context.RequestAborted);
        });
        return web;
    });
}
