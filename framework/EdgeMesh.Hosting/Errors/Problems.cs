using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Hosting;

/// <summary>RFC 9457 problem details with a stable code and what to do.</summary>
public static class Problems
{
    internal const string TypePrefix = "https://edgemesh.dev/problems/";

    /// <summary>An answer of type <c>application/problem+json</c>.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="code">Stable, lower-case with hyphens, for programs.</param>
    /// <param name="title">What was wrong, for people.</param>
    /// <param name="detail">Where, and what to do.</param>
    public static IResult Problem(int status, string code, string title, string? detail = null) =>
        Results.Problem(detail, statusCode: status, title: title, type: TypePrefix + code, extensions: [new("code", code)]);

    /// <summary>Gives a code to a problem that the framework worded.</summary>
    internal static void Complete(ProblemDetailsContext context)
    {
        var problem = context.ProblemDetails;
        if (!problem.Extensions.ContainsKey("code"))
        {
            var code = ErrorCodes.Of(problem.Status ?? context.HttpContext.Response.StatusCode);
            problem.Extensions["code"] = code;
            problem.Type = TypePrefix + code;
        }
    }
}
