using EdgeMesh.Services.Monitor;

await MonitorApp.Create(WebApplication.CreateSlimBuilder(args)).RunAsync();
