using System.Text;
using EdgeMesh.Services.Functions.Triggers.Http;

namespace EdgeMesh.Services.Functions.Tests;

public sealed class CgiAnswerTests
{
    [Theory]
    [InlineData("plain", 200, "plain")]
    [InlineData("Content-Type: a/b\n\nbody", 200, "body")]
    [InlineData("Content-Type: a/b\r\n\r\nbody\n\nmore", 200, "body\n\nmore")]
    [InlineData("Status: 204 No Content\n\n", 204, "")]
    [InlineData("Location: /there\n\n", 302, "")]
    [InlineData("Status: 99\n\nx", 200, "Status: 99\n\nx")]
    [InlineData("X-Only: 1\n\nx", 200, "X-Only: 1\n\nx")]
    [InlineData("Dear Ada: \n\nx", 200, "Dear Ada: \n\nx")]
    [InlineData("Content-Type: a/b\nX-Name: Zo\u00eb\n\nx", 200, "Content-Type: a/b\nX-Name: Zo\u00eb\n\nx")]
    [InlineData("Content-Type: a/b\u0085\n\nx", 200, "Content-Type: a/b\u0085\n\nx")]
    [InlineData("Content-Type: a/b\u007f\n\nx", 200, "Content-Type: a/b\u007f\n\nx")]
    public void Read_Stdout_IsAnAnswer(string output, int status, string body)
    {
        var answer = CgiAnswer.Read(Encoding.UTF8.GetBytes(output));

        Assert.Equal((status, body), (answer.Status, Encoding.UTF8.GetString(answer.Body.Span)));
    }

    [Theory]
    [InlineData("Set-Cookie: a=b")]
    [InlineData("Transfer-Encoding: chunked")]
    [InlineData("X-EdgeMesh-Caller: admin")]
    [InlineData("dapr-app-id: x")]
    public void Read_HeaderThatIsNotTheFunctions_IsLeftOut(string header) =>
        Assert.Equal(["Content-Type"], CgiAnswer.Read(Encoding.UTF8.GetBytes($"Content-Type: a/b\n{header}\n\n")).Headers.Select(h => h.Key));

    [Theory]
    [InlineData("/patients/{id}/vitals", "/patients/7/vitals", "id=7")]
    [InlineData("/a/{x}/{y}", "/a/1/2", "x=1,y=2")]
    [InlineData("/a", "/a", "")]
    [InlineData("/a/{x}", "/a/", null)]
    [InlineData("/a/{x}", "/a/1/2", null)]
    [InlineData("/a", "/A", null)]
    public void Match_Path_GivesWhatStandsForNames(string template, string path, string? values) =>
        Assert.Equal(values, PathTemplate.Match(template, path) is { } match ? string.Join(',', match.Select(m => $"{m.Key}={m.Value}")) : null);
}
