using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Console.Hosting;

namespace EdgeMesh.Services.Monitor.Console;

/// <summary>Gives the monitor its console.</summary>
internal static class ConsoleExtensions
{
    public const string Root = "/console";

    /// <exception cref="InvalidOperationException">Settings are wrong; the message lists all that are.</exception>
    public static IServiceCollection AddConsole(this IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton(provider => ConsoleOptions.Read(configuration, provider.GetRequiredService<MeshDirectory>().This.IsCore))
        .AddSingleton<ConsoleHost>()
        .AddHostedService<ConsoleWarmUp>();

    /// <summary>Serves the console below <c>/console</c>. Comes before the check of the app's token: the gateway reaches the console
    /// without a sidecar, and what it states of the caller is signed.</summary>
    public static void UseConsole(this WebApplication app)
    {
        var host = app.Services.GetRequiredService<ConsoleHost>();
        app.MapWhen(context => context.Request.Path.StartsWithSegments(Root), branch => branch.UseEdgeMeshCallers().Run(host.AnswerAsync));
    }
}
