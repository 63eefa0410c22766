/* De-identification of a FHIR bundle: copies JSON from stdin to stdout without the elements that name a person, and with dates of birth
 * cut to the year. It works as the bytes come, in constant memory, and leaves with 1 when they are no JSON object: half an answer with a
 * failed exit code is thrown away by the host, so nothing leaves the site by mistake. Called over HTTP, here, under Wagi or under Spin, it says
 * what it answers in a head; in Dapr's bindings.wasm all of stdout is the answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Direct identifiers, and free text, which may hold any. */
static const char *const removed[] = {"name", "telecom", "address", "photo", "contact", "identifier", "text", "note", "communication",
  "generalPractitioner", "managingOrganization", "display", "comment", "valueString", "deceasedDateTime", "multipleBirthInteger"};
static const char *const dates_of_birth[] = {"birthDate"};

#define DEPTH 64
static int peeked = EOF, has_peeked;

static int peek(void) {
  if (!has_peeked) { peeked = getchar(); has_peeked = 1; }
  return peeked;
}

static int next(void) {
  int c = peek();
  has_peeked = 0;
  return c;
}

static void skip_blank(void) { while (peek() == ' ' || peek() == '\t' || peek() == '\r' || peek() == '\n') next(); }

static int is_one_of(const char *key, const char *const *keys, size_t count) {
  for (size_t i = 0; i < count; i++) if (!strcmp(key, keys[i])) return 1;
  return 0;
}

static void put(int c, int keep) { if (keep) putchar(c); }

/* Copies a string; keeps what fits of it, and at most `limit` characters in the output. */
static int string(char *kept, size_t capacity, int keep, int limit) {
  size_t length = 0;
  if (next() != '"') return 0;
  put('"', keep);
  for (int c = next(); c != '"'; c = next()) {
    if (c == EOF || c < 0x20) return 0;
    int escaped = c == '\\' ? next() : 0;
    if (escaped == EOF) return 0;
    /* An escape in a key could spell a name that is removed: no FHIR element is written so. */
    if (escaped && kept && capacity > 1) return 0;
    if (limit-- > 0) { put(c, keep); if (escaped) put(escaped, keep); }
    if (kept && capacity > 1) {
      if (length + 1 == capacity) return 0; /* no element of FHIR has so long a name */
      kept[length++] = (char)c;
    }
  }
  if (kept && capacity) kept[length] = 0;
  put('"', keep);
  return 1;
}

static int value(int depth, int keep, int is_birth_date);

static int object(int depth, int keep) {
  next();
  put('{', keep);
  int first = 1;
  for (skip_blank(); peek() != '}'; skip_blank()) {
    char key[64];
    if (!string(key, sizeof key, 0, 0)) return 0;
    const char *plain = key[0] == '_' ? key + 1 : key; /* _birthDate holds what belongs to birthDate */
    int keep_it = keep && !is_one_of(plain, removed, sizeof removed / sizeof *removed);
    skip_blank();
    if (next() != ':') return 0;
    if (keep_it) printf("%s\"%s\":", first ? "" : ",", key);
    first = first && !keep_it;
    if (!value(depth + 1, keep_it, is_one_of(plain, dates_of_birth, 1))) return 0;
    skip_blank();
    if (peek() == ',') next();
    else if (peek() != '}') return 0;
  }
  next();
  put('}', keep);
  return 1;
}

static int array(int depth, int keep) {
  next();
  put('[', keep);
  for (skip_blank(); peek() != ']'; skip_blank()) {
    if (!value(depth + 1, keep, 0)) return 0;
    skip_blank();
    if (peek() == ',') put(next(), keep);
    else if (peek() != ']') return 0;
  }
  next();
  put(']', keep);
  return 1;
}

static int value(int depth, int keep, int is_birth_date) {
  skip_blank();
  int c = peek();
  if (depth > DEPTH || c == EOF) return 0;
  if (c == '{') return object(depth, keep);
  if (c == '[') return array(depth, keep);
  if (c == '"') return string(NULL, 0, keep, is_birth_date ? 4 : 0x7fffffff);
  int any = 0;
  for (c = peek(); c != EOF && !strchr(",]} \t\r\n", c); c = peek()) { put(next(), keep); any = 1; }
  return any;
}

int main(void) {
  skip_blank();
  if (peek() == '{' && getenv("GATEWAY_INTERFACE")) printf("Content-Type: application/fhir+json\n\n");
  if (peek() != '{' || !value(0, 1, 0)) {
    fputs("stdin is no JSON object\n", stderr);
    return 1;
  }
  return 0;
}
