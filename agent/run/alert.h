/*
 * alert.h - conditions are told once, to everybody who asked, until they took it.
 *
 * A condition (event + subject) that lasts is told when it begins and reminded of; what
 * happens once (auth_resumed, sbom_changed) is told each time. Every telling is a row per
 * target, written with the turn, and stays until the target took it: an alert survives a
 * restart and is delivered at least once. Without a target it is one log line.
 *
 * Targets are commands (no shell, JSON on stdin, facts in ONEKEY_AGENT_*, never the token,
 * one minute) and webhooks (POST application/json, never with the platform's token).
 */
#ifndef RUN_ALERT_H
#define RUN_ALERT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "config/config_alert.h"
#include "flow/flow.h"

struct alerts;

struct alert_notice {
    const char *event;    /* a name of SPEC 4 */
    const char *subject;  /* what it is about; "" for the agent as a whole */
    const char *severity; /* "critical", "warning", "info" */
    const char *text;
    const char *action; /* what a person should do */
    bool happens_once;
};

/* config is borrowed; NULL: nobody is told, not even the log. http and turn come from flow. */
struct alerts *alerts_new(struct flow *flow, const struct config_alerts *config);
void alerts_free(struct alerts *alerts, void (*closed)(void *owner), void *owner);

void alerts_raise(struct alerts *alerts, const struct alert_notice *notice);
/* subject "*": whatever it is about. */
void alerts_clear(struct alerts *alerts, const char *event, const char *subject);

/*
 * Without the ledger, which is what the alert is about: each target is told once, now,
 * and what fails is only logged.
 */
void alerts_tell_now(struct alerts *alerts, const char *event, const char *text,
                     const char *action);

/* "critical" for what stops work, "warning" for what needs a person, else "info". */
const char *alert_severity(const char *event);

/* Events that happen and are over, rather than last. */
bool alert_happens_once(const char *event);

/* After a restart, and now and then: reminders, deliveries that wait. */
void alerts_wake(struct alerts *alerts);

/* True while a delivery is under way or due at once. */
bool alerts_are_busy(const struct alerts *alerts);

#endif
