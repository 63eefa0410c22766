// The host interface of EdgeMesh functions, version 1, for AssemblyScript. What each call does and may answer: edgemesh.h.

export const NOT_FOUND: i32 = -1;
export const DENIED: i32 = -2;
export const INVALID: i32 = -3;
export const UNAVAILABLE: i32 = -4;
export const TOO_MUCH: i32 = -5;

// @ts-ignore: decorator
@external("edgemesh_v1", "state_get") declare function state_get(key: usize, keyLength: i32): i32;
// @ts-ignore: decorator
@external("edgemesh_v1", "state_set") declare function state_set(key: usize, keyLength: i32, value: usize, valueLength: i32): i32;
// @ts-ignore: decorator
@external("edgemesh_v1", "state_delete") declare function state_delete(key: usize, keyLength: i32): i32;
// @ts-ignore: decorator
@external("edgemesh_v1", "publish") declare function publish_to(topic: usize, topicLength: i32, data: usize, dataLength: i32): i32;
// @ts-ignore: decorator
@external("edgemesh_v1", "invoke") declare function invoke_target(target: usize, targetLength: i32, body: usize, bodyLength: i32): i32;
// @ts-ignore: decorator
@external("edgemesh_v1", "setting") declare function get_setting(name: usize, nameLength: i32): i32;
// @ts-ignore: decorator
@external("edgemesh_v1", "secret") declare function get_secret(name: usize, nameLength: i32): i32;
// @ts-ignore: decorator
@external("edgemesh_v1", "count") declare function add_count(name: usize, nameLength: i32, value: f64): i32;
// @ts-ignore: decorator
@external("edgemesh_v1", "answer") declare function copy_answer(buffer: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_read") declare function fd_read(fd: u32, vectors: usize, count: i32, read: usize): u32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_write") declare function fd_write(fd: u32, vectors: usize, count: i32, written: usize): u32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "proc_exit") declare function proc_exit(code: u32): void;

/** The status of the last host call that answers a value: its length, or one of the negative numbers above. */
export let status: i32 = 0;

/** A value of the function's own state; null when there is none, or it is not granted (see status). */
export function getState(key: string): string | null { return ask(key, state_get); }
export function setState(key: string, value: string): i32 { return send(key, value, state_set); }
export function deleteState(key: string): i32 { const k = String.UTF8.encode(key); return state_delete(changetype<usize>(k), k.byteLength); }
/** To a topic that function.yaml names. */
export function publish(topic: string, data: string): i32 { return send(topic, data, publish_to); }
/** "METHOD app/path"; the answer is the body, null when it did not answer with success (see status). */
export function invoke(target: string, body: string): string | null { return taken(send(target, body, invoke_target)); }
export function setting(name: string): string | null { return ask(name, get_setting); }
export function secret(name: string): string | null { return ask(name, get_secret); }
/** Adds to a counter of the function's own. */
export function count(name: string, value: f64): i32 { const n = String.UTF8.encode(name); return add_count(changetype<usize>(n), n.byteLength, value); }

/** All of stdin, as UTF-8. */
export function readAll(): string {
  let all = new ArrayBuffer(0);
  const chunk = new ArrayBuffer(4096), vector = new ArrayBuffer(8), read = new ArrayBuffer(4);
  while (true) {
    store<u32>(changetype<usize>(vector), <u32>changetype<usize>(chunk));
    store<u32>(changetype<usize>(vector), 4096, 4);
    if (fd_read(0, changetype<usize>(vector), 1, changetype<usize>(read)) != 0) break;
    const length = load<u32>(changetype<usize>(read));
    if (length == 0) break;
    const next = new ArrayBuffer(all.byteLength + length);
    memory.copy(changetype<usize>(next), changetype<usize>(all), all.byteLength);
    memory.copy(changetype<usize>(next) + all.byteLength, changetype<usize>(chunk), length);
    all = next;
  }
  return String.UTF8.decode(all);
}

/** To stdout: the answer. */
export function write(text: string): void { put(1, text); }
/** To stderr: the log. */
export function log(text: string): void { put(2, text); }
/** Ends the call; anything but 0 says that it failed. */
export function exit(code: u32): void { proc_exit(code); }

function put(fd: u32, text: string): void {
  const bytes = String.UTF8.encode(text), vector = new ArrayBuffer(8), written = new ArrayBuffer(4);
  let from: u32 = 0;
  while (from < <u32>bytes.byteLength) {
    store<u32>(changetype<usize>(vector), <u32>changetype<usize>(bytes) + from);
    store<u32>(changetype<usize>(vector), <u32>bytes.byteLength - from, 4);
    if (fd_write(fd, changetype<usize>(vector), 1, changetype<usize>(written)) != 0) return;
    from += load<u32>(changetype<usize>(written));
  }
}

function ask(name: string, call: (name: usize, length: i32) => i32): string | null {
  const bytes = String.UTF8.encode(name);
  return taken(call(changetype<usize>(bytes), bytes.byteLength));
}

function send(name: string, value: string, call: (name: usize, nameLength: i32, value: usize, valueLength: i32) => i32): i32 {
  const n = String.UTF8.encode(name), v = String.UTF8.encode(value);
  return call(changetype<usize>(n), n.byteLength, changetype<usize>(v), v.byteLength);
}

function taken(length: i32): string | null {
  status = length;
  if (length < 0) return null;
  const buffer = new ArrayBuffer(length);
  copy_answer(changetype<usize>(buffer), length);
  return String.UTF8.decode(buffer);
}
