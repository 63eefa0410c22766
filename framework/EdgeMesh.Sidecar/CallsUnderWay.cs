using EdgeMesh.Sidecar.Components;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Sidecar;

/// <summary>The calls of the API that may have a component in hand, in generations: a component that was replaced is closed when those have
/// ended that began before.</summary>
internal sealed class CallsUnderWay
{
    private volatile InHand _generation = new();

    /// <summary>Returns when the calls have ended that began before now. Who begins later sees what changed before.</summary>
    public Task EndedAsync() => Interlocked.Exchange(ref _generation!, new InHand()).EndedAsync();

    public Task PassAsync(HttpContext context, RequestDelegate next) => IsSubscription(context.Request.Path) ? next(context) : CountAsync(context, next);

    /// <summary>Goes on for as long as its client wants, and is told itself when its component goes.</summary>
    private static bool IsSubscription(PathString path) => path.Value!.Contains("/Subscribe", StringComparison.Ordinal);

    private async Task CountAsync(HttpContext context, RequestDelegate next)
    {
        var generation = _generation;
        generation.Begin();
        try
        {
            await next(context);
        }
        finally
        {
            generation.End();
        }
    }
}

internal static class CallsUnderWayExtensions
{
    /// <param name="pipeline">Behind what only passes calls on to apps.</param>
    /// <param name="calls">Null: nothing is ever replaced.</param>
    public static void UseCallsUnderWay(this IApplicationBuilder pipeline, CallsUnderWay? calls)
    {
        if (calls is not null)
        {
            pipeline.Use(calls.PassAsync);
        }
    }
}
