using EdgeMesh.Services.Records;

await RecordsApp.Create(WebApplication.CreateSlimBuilder(args)).RunAsync();
