using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Replication;
using EdgeMesh.Services.Functions.Deployments;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>A clinic that was cut off goes back to a version that came from the core, which has deployed others since and keeps it no longer.</summary>
public sealed class CarriedBundleTests : IAsyncLifetime
{
    private const string Function = "f";
    private static readonly SiteIdentity Clinic = new("clinic-a", FunctionsApp.AppId, "");
    private static readonly MeshDirectory Directory = new(Clinic.Site, [Entry("core", isCore: true), Entry("clinic-a")]);

    private readonly Catalog _catalog = new(Clinic.Site, new Dictionary<string, string>());
    private Journal _changes = null!;
    private FollowerLoop _following = null!;
    private Deployer _deployer = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _changes = await Journal.OpenAsync(new JournalName(Clinic.Site, FunctionsApp.AppId, JournalName.Changes), new MemoryJournalStore(), new JournalOptions(), Cancellation);
        var follower = new CatalogFollower(
            _changes, _catalog, [FunctionsSite.Ops.Public], Directory, Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N")), NullLogger<CatalogFollower>.Instance);
        _following = new FollowerLoop(_changes, follower, TimeProvider.System, NullLogger.Instance);
        _following.Start();
        _deployer = new Deployer(_changes, _following, _catalog, new ModuleParts(_changes), null!, [FunctionsSite.Ops.Public], Clinic, Directory, new FunctionsOptions());
    }

    public async ValueTask DisposeAsync()
    {
        await _following.DisposeAsync();
        await _changes.DisposeAsync();
    }

    [Fact]
    public async Task TakeDeployment_OfABundleThatOnlyAnotherSiteOwns_CarriesTheBundleWithTheWord()
    {
        var bundle = await FromCoreAsync("1.0.0", parts: 1);

        Assert.Equal(DeployAnswer.Taken, await _deployer.TakeDeploymentAsync(Function, Back(bundle).Text, Cancellation));

        var own = await _changes.GetAsync(FunctionDocuments.Part(Clinic.Site, bundle.Digest, 0), Cancellation);
        Assert.Equal(bundle.Module, own!.Body);
        Assert.Equal(1, _catalog.FindBundle(bundle.Digest)!.Sources[Clinic.Site]);
    }

    [Fact]
    public async Task TakeDeployment_OfABundleThatIsNotWholeHere_IsRefusedAndNothingIsSaid()
    {
        var bundle = await FromCoreAsync("1.0.0", parts: 2);

        var answer = await _deployer.TakeDeploymentAsync(Function, Back(bundle).Text, Cancellation);

        Assert.Equal((409, "bundle-missing"), (answer.Status, answer.Code));
        Assert.Null(await _changes.GetAsync(FunctionDocuments.Deployment(Clinic.Site, Function), Cancellation));
    }

    [Fact]
    public async Task Versions_OfAFunctionDeployedOftenElsewhere_AreThoseThatAreKept()
    {
        for (var i = 1; i <= 8; i++)
        {
            var bundle = await FromCoreAsync($"1.0.{i}", parts: 1);
            Assert.Equal(DeployAnswer.Taken, await _deployer.TakeDeploymentAsync(Function, Deployment.Sign(Function, i, bundle.Digest, CanaryPlan.None, FunctionsSite.Ops).Text, Cancellation));
        }

        Assert.Equal(["1.0.8", "1.0.7", "1.0.6", "1.0.5", "1.0.4"], (await _deployer.VersionsAsync(Function, Cancellation)).Select(v => v.Manifest.Version));
    }

    private static SiteEntry Entry(string site, bool isCore = false) => new(site, "org", null, default, "", "", isCore);

    private static Deployment Back(FunctionBundle bundle) => Deployment.Sign(Function, 9, bundle.Digest, CanaryPlan.None, FunctionsSite.Ops, isRollback: true);

    /// <summary>A bundle as the core's feed brings it: the core's documents, one piece of the module among them.</summary>
    private async Task<FunctionBundle> FromCoreAsync(string version, int parts)
    {
        var bundle = await FunctionsSite.BundleAsync(FunctionsSite.Says(version), FunctionsSite.Manifest(Function, version));
        var piece = new Change(FunctionDocuments.Part("core", bundle.Digest, 0), null, bundle.Module);
        Assert.IsType<CommitResult.Committed>(await _changes.CommitAsync(new Commit { Changes = [piece] }, Cancellation));
        _catalog.Put("core", bundle.Statement, parts);
        return bundle;
    }
}
