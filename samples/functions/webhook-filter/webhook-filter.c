/* A webhook filter. Its trigger is open, so it looks itself: who does not show the shared token in X-Webhook-Token gets 401; an event
 * (X-Webhook-Event) that nobody wants gets 204; the others go to the topic webhooks, once for each delivery id. */
#include "../edgemesh.h"
#include <stdio.h>
#include <stdlib.h>

static char body[256 * 1024];

static const char *header(const char *name) {
  const char *value = getenv(name);
  return value ? value : "";
}

/* Takes as long for a near miss as for a far one. */
static int is_same(const char *given, const char *secret, size_t length) {
  unsigned char difference = strlen(given) != length;
  for (size_t i = 0; i < length; i++) difference |= (unsigned char)(secret[i] ^ (i < strlen(given) ? given[i] : 0));
  return !difference;
}

static int is_wanted(const char *event) {
  char events[512];
  const char *wanted = em_setting_or("events", "", events, sizeof events);
  size_t length = strlen(event);
  for (const char *at = wanted; length && (at = strstr(at, event)); at += length)
    if ((at == wanted || at[-1] == ' ') && (at[length] == ' ' || !at[length])) return 1;
  return 0;
}

static int answer(int status) {
  printf("Status: %d\nContent-Type: text/plain\n\n", status);
  return 0;
}

int main(void) {
  char token[256];
  int32_t length = em_secret("token", 5);
  if (length <= 0 || (size_t)length > sizeof token) {
    fputs("the site has no secret functions/webhook-token\n", stderr);
    return 1;
  }

  em_answer(token, sizeof token);
  if (!is_same(header("HTTP_X_WEBHOOK_TOKEN"), token, length)) {
    em_count("refused", 7, 1);
    return answer(401);
  }

  if (!is_wanted(header("HTTP_X_WEBHOOK_EVENT"))) return answer(204);
  size_t size = fread(body, 1, sizeof body, stdin);
  return em_publish("webhooks", 8, body, size) < 0 ? 2 : answer(202);
}
