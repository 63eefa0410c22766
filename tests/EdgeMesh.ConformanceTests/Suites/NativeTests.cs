using EdgeMesh.ConformanceTests.Engines;

namespace EdgeMesh.ConformanceTests.Suites;

// The sidecar compiled to native code: a suite of every building block and of every driver. What the compiler leaves out is found by the first
// call that needs it, so the suites that look at finer points stay with the managed one.

[Trait("Category", "Engines")]
public sealed class NativeSqliteStateTests(NativeFixture fixture) : StateSuite(fixture, "sqlite");

[Trait("Category", "Engines")]
public sealed class NativePubSubTests(NativeFixture fixture) : PubSubSuite(fixture);

[Trait("Category", "Engines")]
public sealed class NativeInvocationTests(NativeFixture fixture) : InvocationSuite(fixture);

[Trait("Category", "Engines")]
public sealed class NativeActorTests(NativeFixture fixture) : ActorSuite(fixture);

[Trait("Category", "Engines")]
public sealed class NativeActorStateTests(NativeFixture fixture) : ActorStateSuite(fixture);

[Trait("Category", "Engines")]
public sealed class NativeActorScheduleTests(NativeFixture fixture) : ActorScheduleSuite(fixture);

[Trait("Category", "Engines")]
public sealed class NativeSecretsTests(NativeFixture fixture) : SecretsSuite(fixture);

[Trait("Category", "Engines")]
public sealed class NativeBindingTests(NativeBlocksFixture fixture) : BindingSuite(fixture);

[Trait("Category", "Engines")]
public sealed class NativeConfigurationTests(NativeBlocksFixture fixture) : ConfigurationSuite(fixture);

[Trait("Category", "Engines")]
public sealed class NativeLockTests(NativeBlocksFixture fixture) : LockSuite(fixture);

[Trait("Category", "Engines")]
public sealed class NativeCryptographyTests(NativeBlocksFixture fixture) : CryptographySuite(fixture);

[Trait("Category", "Engines")]
public sealed class NativeJobTests(NativeBlocksFixture fixture) : JobSuite(fixture);

[Trait("Category", "Engines")]
public sealed class NativeOutboxTests(NativeBlocksFixture fixture) : OutboxSuite(fixture);

[Trait("Category", "Engines")]
public sealed class NativeTopicStreamTests(NativeBlocksFixture fixture) : TopicStreamSuite(fixture);

[Trait("Category", "Engines")]
public sealed class NativeRuntimeTests(NativeRuntimeFixture fixture) : RuntimeSuite(fixture);

[Trait("Category", "Engines")]
public sealed class NativeGrpcAppTests(NativeRuntimeFixture fixture) : GrpcAppSuite(fixture);

[Trait("Category", "Engines")]
public sealed class NativePluggableStateTests(NativePluggableFixture fixture) : StateSuite(fixture, MemoComponent.Name);

[Trait("Category", "Engines")]
public sealed class NativePostgresqlStateTests(NativeServersFixture fixture) : StateSuite(fixture, "postgresql", StateTraits.Postgresql);

[Trait("Category", "Engines")]
public sealed class NativeRedisStateTests(NativeServersFixture fixture) : StateSuite(fixture, "redis", StateTraits.Redis);

[Trait("Category", "Engines")]
public sealed class NativeRabbitMqPubSubTests(NativeServersFixture fixture) : PubSubSuite(fixture);

[Trait("Category", "Engines")]
public sealed class NativeKafkaPubSubTests(NativeKafkaFixture fixture) : PubSubSuite(fixture);

public sealed class NativeMutualTlsTests(NativeMutualTlsFixture fixture) : MutualTlsSuite(fixture);
