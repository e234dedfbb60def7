/* gate_alert.h - what the gate tells people, in words. */
#ifndef RUN_GATE_ALERT_H
#define RUN_GATE_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "run/alert.h"

/* Told once while it lasts; a token of a wrong tenant, put there meanwhile, once more. */
void gate_alert_paused(struct alerts *alerts, const struct err *why, const char *origin,
                       bool has_token);
void gate_alert_resumed(struct alerts *alerts, const char *tenant, int64_t paused_ms,
                        int64_t waiting_items);

/* Only after 15 minutes of it. */
void gate_alert_unreachable(struct alerts *alerts, const struct err *why, int64_t since_ms);

#endif
