// Uses Dapr's own JavaScript client as an app would. Run with the sidecar's HTTP port, gRPC port and API token; says "all held" at the end.
import assert from "node:assert/strict";
import dapr from "@dapr/dapr";

const { DaprClient, CommunicationProtocolEnum, HttpMethod } = dapr;
const [httpPort, grpcPort, token] = process.argv.slice(2);
const quiet = { logger: { level: "error" } };

function client(protocol, port) {
  return new DaprClient({ daprHost: "127.0.0.1", daprPort: port, communicationProtocol: protocol, daprApiToken: token, ...quiet });
}

async function common(name, dapr) {
  await dapr.state.save("memory", [{ key: `${name}-a`, value: { n: 1 } }, { key: `${name}-b`, value: "text" }]);
  assert.deepEqual(await dapr.state.get("memory", `${name}-a`), { n: 1 });
  const bulk = await dapr.state.getBulk("memory", [`${name}-a`, `${name}-b`]);
  assert.deepEqual(bulk.map((i) => i.key).sort(), [`${name}-a`, `${name}-b`]);
  await dapr.state.transaction("memory", [
    { operation: "upsert", request: { key: `${name}-c`, value: "three" } },
    { operation: "delete", request: { key: `${name}-b` } },
  ]);
  assert.equal(await dapr.state.get("memory", `${name}-c`), "three");
  await dapr.state.delete("memory", `${name}-a`);
  assert.ok(!(await dapr.state.get("memory", `${name}-a`)));

  assert.equal((await dapr.pubsub.publish("pubsub", "javascript", { from: name })).error, undefined);
  assert.deepEqual((await dapr.pubsub.publishBulk("pubsub", "javascript", [{ from: `${name}-1` }, { from: `${name}-2` }])).failedMessages, []);

  const echoed = await dapr.invoker.invoke("alpha", "echo/javascript", HttpMethod.POST, { hello: name });
  assert.deepEqual(echoed, { hello: name });

  await dapr.binding.send("files", "create", `from ${name}`, { fileName: `javascript-${name}` });
  console.log(`${name}: state, pub/sub, invocation and bindings held`);
}

async function byGrpc(dapr) {
  const got = await dapr.configuration.get("settings", ["javascript"]);
  assert.equal(got.items.javascript.value, "set");
  const changed = new Promise((resolve) => {
    dapr.configuration.subscribeWithKeys("settings", ["javascript-watched"], async (data) => {
      if (data.items["javascript-watched"]) resolve(data.items["javascript-watched"].value);
    });
  });
  console.log("watching");
  assert.match(await changed, /^changed/);

  assert.equal((await dapr.lock.lock("locks", "javascript", "me", 60)).success, true);
  assert.equal((await dapr.lock.lock("locks", "javascript", "you", 60)).success, false);
  assert.equal((await dapr.lock.unlock("locks", "javascript", "me")).status, 0);

  const document = await dapr.crypto.encrypt(Buffer.from("secret"), { componentName: "crypto", keyName: "raw", keyWrapAlgorithm: "A256KW" });
  assert.equal((await dapr.crypto.decrypt(document, { componentName: "crypto" })).toString(), "secret");
  console.log("grpc: configuration, locks and cryptography held");
}

// The JavaScript client has no jobs yet: by HTTP, as its users do it.
async function jobs() {
  const at = `http://127.0.0.1:${httpPort}/v1.0-alpha1/jobs/javascript`;
  const headers = { "content-type": "application/json", "dapr-api-token": token };
  assert.equal((await fetch(at, { method: "POST", headers, body: JSON.stringify({ dueTime: "0s", data: { from: "javascript" } }) })).status, 204);
  console.log("jobs held");
}

const http = client(CommunicationProtocolEnum.HTTP, httpPort);
const grpc = client(CommunicationProtocolEnum.GRPC, grpcPort);
await common("http", http);
await common("grpc", grpc);
await byGrpc(grpc);
await jobs();
console.log("all held");
process.exit(0);
