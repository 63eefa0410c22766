using EdgeMesh.Services.Functions;

await FunctionsApp.Create(WebApplication.CreateSlimBuilder(args)).RunAsync();
