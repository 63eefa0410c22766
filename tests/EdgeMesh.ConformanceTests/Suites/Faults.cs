using System.Text.Json;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Dapr's error bodies.</summary>
internal static class Faults
{
    public static async Task<(int Status, string Code, string Message)> OfAsync(Task<HttpResponseMessage> sent)
    {
        using var answer = await sent;
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        if (text.Length == 0)
        {
            return ((int)answer.StatusCode, "", "");
        }

        var body = JsonDocument.Parse(text).RootElement;
        return ((int)answer.StatusCode, body.GetProperty("errorCode").GetString()!, body.GetProperty("message").GetString()!);
    }
}
