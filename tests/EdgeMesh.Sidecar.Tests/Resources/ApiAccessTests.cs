using EdgeMesh.Sidecar.Grpc;
using EdgeMesh.Sidecar.Resources;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Sidecar.Tests.Resources;

public sealed class ApiAccessTests
{
    [Theory]
    [InlineData("TryLockAlpha1")]
    [InlineData("TryLockAlpha1/")]
    [InlineData("TryLockAlpha1//")]
    public void AllowsGrpc_ADeniedAlphaMethod_HoweverItEnds_IsDenied(string method)
    {
        var access = new ApiAccess([], [new ApiRule("lock", "v1alpha1", "grpc")]);
        Assert.False(access.AllowsGrpc("/dapr.proto.runtime.v1.Dapr/" + method));
    }

    [Theory]
    [InlineData("application/grpc")]
    [InlineData("Application/GRPC+proto")]
    public void IsGrpc_InAnyCase_IsAsTheServerThatAnswersItReadsIt(string type)
    {
        var context = new DefaultHttpContext();
        context.Request.ContentType = type;
        Assert.True(GrpcProxy.IsGrpc(context.Request));
    }
}
