using EdgeMesh.Services.Gateway;

await GatewayApp.Create(WebApplication.CreateSlimBuilder(args)).RunAsync();
