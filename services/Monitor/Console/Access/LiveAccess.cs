namespace EdgeMesh.Services.Monitor.Console.Access;

/// <summary>Lets only signed-in users open the live connection. What its parts show, they decide again by who opened it.</summary>
internal sealed class LiveAccess(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments("/_blazor") || ConsoleUser.May(context.User, ConsoleRight.SignedIn))
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return Task.CompletedTask;
    }
}
