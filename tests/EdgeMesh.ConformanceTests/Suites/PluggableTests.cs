using EdgeMesh.ConformanceTests.Engines;

namespace EdgeMesh.ConformanceTests.Suites;

public sealed class EmbeddedPluggableStateTests(EmbeddedPluggableFixture fixture) : StateSuite(fixture, MemoComponent.Name);

[Trait("Category", "Engines")]
public sealed class DaprdPluggableStateTests(DaprdPluggableFixture fixture) : StateSuite(fixture, MemoComponent.Name);

public sealed class EmbeddedPluggableHeadsTests(EmbeddedPluggableFixture fixture) : HeadsSuite(fixture, MemoComponent.Name);

[Trait("Category", "Engines")]
public sealed class DaprdPluggableHeadsTests(DaprdPluggableFixture fixture) : HeadsSuite(fixture, MemoComponent.Name);

public sealed class EmbeddedPluggablePubSubTests(EmbeddedPluggableFixture fixture) : PubSubSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdPluggablePubSubTests(DaprdPluggableFixture fixture) : PubSubSuite(fixture);

public sealed class EmbeddedPluggableDeliveryTests(EmbeddedPluggableFixture fixture) : DeliverySuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdPluggableDeliveryTests(DaprdPluggableFixture fixture) : DeliverySuite(fixture);
