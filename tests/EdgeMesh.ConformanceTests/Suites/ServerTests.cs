using EdgeMesh.ConformanceTests.Engines;

namespace EdgeMesh.ConformanceTests.Suites;

[Trait("Category", "Engines")]
public sealed class EmbeddedPostgresqlStateTests(EmbeddedServersFixture fixture) : StateSuite(fixture, "postgresql", StateTraits.Postgresql);

[Trait("Category", "Engines")]
public sealed class DaprdPostgresqlStateTests(DaprdServersFixture fixture) : StateSuite(fixture, "postgresql", StateTraits.Postgresql);

[Trait("Category", "Engines")]
public sealed class EmbeddedPostgresqlHeadsTests(EmbeddedServersFixture fixture) : HeadsSuite(fixture, "postgresql");

[Trait("Category", "Engines")]
public sealed class DaprdPostgresqlHeadsTests(DaprdServersFixture fixture) : HeadsSuite(fixture, "postgresql");

[Trait("Category", "Engines")]
public sealed class EmbeddedRedisStateTests(EmbeddedServersFixture fixture) : StateSuite(fixture, "redis", StateTraits.Redis);

[Trait("Category", "Engines")]
public sealed class DaprdRedisStateTests(DaprdServersFixture fixture) : StateSuite(fixture, "redis", StateTraits.Redis);

[Trait("Category", "Engines")]
public sealed class EmbeddedRabbitMqPubSubTests(EmbeddedServersFixture fixture) : PubSubSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdRabbitMqPubSubTests(DaprdServersFixture fixture) : PubSubSuite(fixture);

[Trait("Category", "Engines")]
public sealed class EmbeddedRabbitMqDeliveryTests(EmbeddedServersFixture fixture) : DeliverySuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdRabbitMqDeliveryTests(DaprdServersFixture fixture) : DeliverySuite(fixture);

[Trait("Category", "Engines")]
public sealed class EmbeddedRabbitMqEnvelopeTests(EmbeddedServersFixture fixture) : EnvelopeSuite(fixture, tellsExpiration: false);

[Trait("Category", "Engines")]
public sealed class DaprdRabbitMqEnvelopeTests(DaprdServersFixture fixture) : EnvelopeSuite(fixture, tellsExpiration: false);

[Trait("Category", "Engines")]
public sealed class EmbeddedKafkaPubSubTests(EmbeddedKafkaFixture fixture) : PubSubSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdKafkaPubSubTests(DaprdKafkaFixture fixture) : PubSubSuite(fixture);

[Trait("Category", "Engines")]
public sealed class EmbeddedKafkaDeliveryTests(EmbeddedKafkaFixture fixture) : DeliverySuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdKafkaDeliveryTests(DaprdKafkaFixture fixture) : DeliverySuite(fixture);

[Trait("Category", "Engines")]
public sealed class EmbeddedRedisConfigurationTests(EmbeddedServersBlocksFixture fixture) : ConfigurationSuite(fixture);

[Trait("Category", "Engines")]
public sealed class EmbeddedRedisLockTests(EmbeddedServersBlocksFixture fixture) : LockSuite(fixture);

[Trait("Category", "Engines")]
public sealed class EmbeddedKafkaBulkSubscribeTests(EmbeddedServersBlocksFixture fixture) : BulkSubscribeSuite(fixture);
