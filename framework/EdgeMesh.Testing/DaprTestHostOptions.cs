using EdgeMesh.Hosting;
using EdgeMesh.Sidecar;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Testing;

/// <summary>What a <see cref="DaprTestHost"/> runs. Only <see cref="Apps"/> is needed.</summary>
public sealed record DaprTestHostOptions
{
    /// <summary>The apps, each with its own ports and tokens.</summary>
    public required IReadOnlyList<TestApp> Apps { get; init; }

    /// <summary>The site's name.</summary>
    public string Site { get; init; } = "test-site";

    /// <summary>The sites that the apps know; null: this one alone.</summary>
    public MeshDirectory? Directory { get; init; }

    /// <summary>Dapr resources as YAML text, documents parted by <c>---</c>. By default <see cref="TestComponents.InMemory"/>.</summary>
    public string Resources { get; init; } = TestComponents.InMemory;

    /// <summary>A folder of Dapr resources that takes the place of <see cref="Resources"/>.</summary>
    public string? ResourcesPath { get; init; }

    /// <summary>A Dapr Configuration as YAML text: access control, lists of APIs, pipelines, scopes of secrets, tracing. Null: Dapr's defaults.</summary>
    public string? Configuration { get; init; }

    /// <summary>Secrets beside those that <see cref="TestSecrets"/> makes, or in their place.</summary>
    public IReadOnlyDictionary<string, string> Secrets { get; init; } = new Dictionary<string, string>();

    /// <summary>The clock of the sidecar and of every app; a test that gives a fake one moves it.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Where sidecar and apps log; nowhere by default.</summary>
    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;

    /// <summary>The site's folder, kept afterwards; null: a temporary one, removed at the end.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>How long the start waits until every app is ready. Zero: it doesn't, and the test asks when it wants.</summary>
    public TimeSpan ReadyLimit { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>An app of a <see cref="DaprTestHost"/>.</summary>
/// <param name="AppId">Its Dapr id.</param>
/// <param name="Create">Makes the app, as <c>Program.cs</c> does; null for an app that only calls, such as the test itself.</param>
public sealed record TestApp(string AppId, Func<WebApplicationBuilder, WebApplication>? Create = null)
{
    /// <summary>An app that another host of this process runs, such as <c>WebApplicationFactory</c>; the test attaches it once it is there.</summary>
    public static TestApp Attached(string appId) => new(appId) { IsAttached = true };

    /// <summary>Whether <see cref="DaprTestHost.AttachAsync"/> brings it.</summary>
    public bool IsAttached { get; private init; }

    /// <summary>What the app speaks: HTTP, h2c, or gRPC, and then it gets Dapr's callbacks and calls of its own services. In clear text: what the
    /// host runs has no certificate.</summary>
    public AppProtocol Protocol { get; init; }

    /// <summary>How the app's health is probed, on the host's clock; null: it isn't, and the app counts as healthy. One that is probed gets
    /// messages and calls after its first healthy answer, and no start waits for that.</summary>
    public AppHealthOptions? HealthCheck { get; init; }

    /// <summary>Settings of this app, under configuration keys.</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>();
}
