/* The host interface of EdgeMesh functions, version 1.
 *
 * A function is a WASI command: it reads its request from stdin, writes its answer to stdout and its log to stderr, and its exit code is
 * its word whether it succeeded. Arguments and environment tell what called it. For more than that it may import the functions below; each
 * must be granted in function.yaml, else it answers EM_DENIED. The same module runs where these are not imported: in Dapr's bindings.wasm,
 * under Wagi and under Spin.
 *
 * Calls take UTF-8 text and bytes by address and length. They answer the length of their answer, or a negative number below. The answer's
 * bytes stay with the host until the next call: em_answer copies them. */
#ifndef EDGEMESH_H
#define EDGEMESH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define EM_NOT_FOUND (-1)   /* no such key, setting or secret */
#define EM_DENIED (-2)      /* function.yaml does not grant it */
#define EM_INVALID (-3)     /* a name or size that cannot be */
#define EM_UNAVAILABLE (-4) /* what is behind it does not answer now */
#define EM_TOO_MUCH (-5)    /* more bytes (1 MiB), or more calls, than one call may use; more state than
                                 the manifest grants (limits.state, limits.stateKeys); a counter too many */

#define EM_IMPORT(name) __attribute__((import_module("edgemesh_v1"), import_name(name)))

/* permissions: state. Keys are the function's own. */
EM_IMPORT("state_get") int32_t em_state_get(const char *key, size_t key_length);
EM_IMPORT("state_set") int32_t em_state_set(const char *key, size_t key_length, const void *value, size_t value_length);
EM_IMPORT("state_delete") int32_t em_state_delete(const char *key, size_t key_length);

/* permissions: publish. To a topic that function.yaml names. */
EM_IMPORT("publish") int32_t em_publish(const char *topic, size_t topic_length, const void *data, size_t data_length);

/* permissions: invoke. The target is "METHOD app/path"; the answer is the body. */
EM_IMPORT("invoke") int32_t em_invoke(const char *target, size_t target_length, const void *body, size_t body_length);

/* settings and secrets of function.yaml. */
EM_IMPORT("setting") int32_t em_setting(const char *name, size_t name_length);
EM_IMPORT("secret") int32_t em_secret(const char *name, size_t name_length);

/* Adds to a counter of the function's own; needs no permission. Names: 256 characters at most, and 100 of a function at a site; one more
 * answers EM_TOO_MUCH. */
EM_IMPORT("count") int32_t em_count(const char *name, size_t name_length, double value);

/* Copies at most capacity bytes of the last call's answer; answers how many. */
EM_IMPORT("answer") int32_t em_answer(void *buffer, size_t capacity);

/* A setting as a text that ends with a zero byte; the default when there is none. */
static inline const char *em_setting_or(const char *name, const char *otherwise, char *buffer, size_t capacity) {
  int32_t length = em_setting(name, strlen(name));
  if (length < 0 || (size_t)length >= capacity) return otherwise;
  buffer[em_answer(buffer, capacity - 1)] = 0;
  return buffer;
}

#endif
