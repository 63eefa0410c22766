using System.Text;
using EdgeMesh.Services.Monitor.Console.Access;

namespace EdgeMesh.Services.Monitor.Tests.Console.Access;

public sealed class CallerRequestsTests
{
    [Theory]
    [InlineData("""{"errorCode":"ERR_DIRECT_INVOKE","message":"failed to invoke, id: ledger, err: dial tcp"}""", "The service ledger does not answer.")]
    [InlineData("""{"title":"The log has no entry 7.","detail":"The checkpoint's size says which entries there are."}""", "The log has no entry 7. The checkpoint's size")]
    [InlineData("""{"resourceType":"OperationOutcome","issue":[{"diagnostics":"No such patient."}]}""", "No such patient.")]
    [InlineData("oops", "The service ledger answered with 500.")]
    public void Problem_OfAnAnswer_IsSaidForPeople(string body, string words) =>
        Assert.StartsWith(words, CallerRequests.Problem("ledger", 500, Encoding.UTF8.GetBytes(body)), StringComparison.Ordinal);
}
