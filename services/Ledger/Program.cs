using EdgeMesh.Services.Ledger;

await LedgerApp.Create(WebApplication.CreateSlimBuilder(args)).RunAsync();
