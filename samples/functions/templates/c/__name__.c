/* A function is a program: the request comes on stdin, the answer goes to stdout, the log to stderr, and the exit code says whether it went
 * well. Called over HTTP it begins its answer with header lines and an empty line, as in CGI. For state, topics, other services, settings and
 * secrets include edgemesh.h. */
#include <stdio.h>
#include <stdlib.h>

int main(void) {
  char name[256];
  size_t length = fread(name, 1, sizeof name - 1, stdin);
  name[length] = 0;
  fprintf(stderr, "greeting %zu bytes\n", length);
  if (getenv("GATEWAY_INTERFACE")) printf("Content-Type: text/plain\n\n");
  const char *site = getenv("EDGEMESH_SITE");
  printf("Hello, %s! This is __name__ at %s.\n", length ? name : "world", site ? site : "no site");
  return 0;
}
