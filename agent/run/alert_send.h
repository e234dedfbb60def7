/*
 * alert_send.h - one alert to one target: a command's stdin, or a webhook.
 */
#ifndef RUN_ALERT_SEND_H
#define RUN_ALERT_SEND_H

#include "base/err.h"
#include "config/config_alert.h"
#include "flow/flow.h"

enum { ALERT_TARGET_KEY_SIZE = 96 };

struct alert_send;

/* What names a target in the ledger without its secret: "webhook:<digest>", "command:<digest>". */
void alert_target_key(const struct config_alert_target *target, char key[ALERT_TARGET_KEY_SIZE]);

/*
 * payload is a JSON object; a command finds its texts as ONEKEY_AGENT_EVENT, _TEXT ... too.
 * done() comes once, from the loop, never from inside this call or a cancel; err NULL: taken.
 */
struct alert_send *alert_send_start(struct flow *flow, const struct config_alert_target *target,
                                    const char *payload,
                                    void (*done)(void *owner, const struct err *err), void *owner);
void alert_send_cancel(struct alert_send *send);

#endif
