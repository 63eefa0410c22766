/* Triage of vital signs: the National Early Warning Score 2 (Royal College of Physicians, 2017) of a measurement such as
 * {"patient":"clinic-a-x1","respiration":18,"spo2":97,"systolic":120,"pulse":70,"temperature":36.8}
 * goes to stdout; from the threshold on, also to the topic alerts. A sign that is not there scores nothing. */
#include "../edgemesh.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct band { double up_to; int score; };

static const struct band respiration[] = {{8, 3}, {11, 1}, {20, 0}, {24, 2}, {INFINITY, 3}};
static const struct band spo2[] = {{91, 3}, {93, 2}, {95, 1}, {INFINITY, 0}};
static const struct band systolic[] = {{90, 3}, {100, 2}, {110, 1}, {219, 0}, {INFINITY, 3}};
static const struct band pulse[] = {{40, 3}, {50, 1}, {90, 0}, {110, 1}, {130, 2}, {INFINITY, 3}};
static const struct band temperature[] = {{35.0, 3}, {36.0, 1}, {38.0, 0}, {39.0, 1}, {INFINITY, 2}};

static char input[65536];

static const char *value_of(const char *key) {
  char quoted[32];
  snprintf(quoted, sizeof quoted, "\"%s\"", key);
  const char *at = strstr(input, quoted);
  if (!at) return NULL;
  at += strlen(quoted);
  at += strspn(at, " \t\r\n");
  return *at == ':' ? at + 1 + strspn(at + 1, " \t\r\n") : NULL;
}

static int score(const char *key, const struct band *bands, int *worst) {
  const char *at = value_of(key);
  char *end;
  double value = at ? strtod(at, &end) : 0;
  if (!at || end == at) return 0;
  while (value > bands->up_to) bands++;
  if (bands->score > *worst) *worst = bands->score;
  return bands->score;
}

int main(void) {
  size_t length = fread(input, 1, sizeof input - 1, stdin);
  if (!length || !memchr(input, '{', length)) {
    fputs("no measurement on stdin\n", stderr);
    return 1;
  }

  int worst = 0;
  int total = score("respiration", respiration, &worst) + score("spo2", spo2, &worst) + score("systolic", systolic, &worst)
    + score("pulse", pulse, &worst) + score("temperature", temperature, &worst);
  char buffer[16];
  int threshold = atoi(em_setting_or("threshold", "5", buffer, sizeof buffer));
  const char *patient = value_of("patient");
  int patient_length = patient && *patient == '"' ? (int)strcspn(patient + 1, "\"\\") : 0;
  const char *severity = total >= 7 ? "high" : total >= threshold || worst == 3 ? "medium" : "low";

  char answer[512];
  int written = snprintf(answer, sizeof answer, "{\"patient\":\"%.*s\",\"score\":%d,\"severity\":\"%s\"}", patient_length > 128 ? 128 : patient_length,
    patient_length ? patient + 1 : "", total, severity);
  if (severity[0] != 'l') {
    if (em_publish("alerts", 6, answer, written) < 0) return 2;
    em_count("alerts", 6, 1);
  }

  printf("%s\n", answer);
  return 0;
}
