/*
 * gate.h - may a request be made now? One answer for the whole agent.
 *
 *             doubt: 401, network, 5xx ...
 *      OPEN ----------------------------> CHECKING --- the cheap question works ---> OPEN
 *       ^                                  |     |
 *       |        a working token           |401  | anything else
 *       +------------------------------- AUTH   UNREACHABLE ---> (probed) ---> OPEN
 *
 * While it is not OPEN nothing new is requested; what is under way may end. The cheap
 * question is { tenant { name } user { email } }. In AUTH a changed token is tried at
 * once, the old one after 1, 5, 15, 60 minutes, then hourly. UNREACHABLE is probed with
 * the backoff of transfers.retry. The token's pause is a row of the ledger, so that a
 * restart probes once and does not alert again.
 *
 * Beside it stand two more reasons, which close it too: an operator's pause, and the
 * ledger's disk being full. A pause of one kind never lifts one of the other.
 *
 * A token of another tenant than configured, or than the ledger was filled with, is not
 * used: AUTH, with that reason.
 */
#ifndef RUN_GATE_H
#define RUN_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "flow/flow.h"
#include "run/alert.h"
#include "run/token.h"
#include "store/pause.h"

struct gate;

enum gate_state { GATE_CHECKING, GATE_OPEN, GATE_AUTH, GATE_UNREACHABLE };

struct gate_options {
    struct flow *flow;
    struct alerts *alerts;
    struct token_options token;
    const char *tenant;       /* the configured guard, or NULL */
    int64_t token_expires_ms; /* 0: not told */
    unsigned slots;           /* how many uploads at most, once the ramp is up */
};

struct gate_hooks {
    void (*changed)(void *owner); /* it opened, closed, or has more slots */
};

/* Reads the pauses and the token and asks the first question. Never fails: it closes. */
struct gate *gate_new(const struct gate_options *options, const struct gate_hooks *hooks,
                      void *owner);
void gate_free(struct gate *gate, void (*closed)(void *owner), void *owner);

bool gate_is_open(const struct gate *gate);
enum gate_state gate_state(const struct gate *gate);
bool gate_has_operator_pause(const struct gate *gate);

/* What is under way may go on to its next request: not after a refusal, not with a new token of
 * which nobody knows yet whose it is. */
bool gate_may_request(const struct gate *gate);

/* How many uploads may be under way: few after a pause, doubled with each answer. */
unsigned gate_slots(const struct gate *gate);

/* Why it is closed: the kind gives the exit code. ERR_OK while it is open or checking. */
const struct err *gate_why(const struct gate *gate);
int64_t gate_failed_probes(const struct gate *gate); /* in a row, while UNREACHABLE */

void gate_answered(struct gate *gate);                     /* a request worked */
void gate_doubt(struct gate *gate, const struct err *why); /* one did not */
void gate_reload_token(struct gate *gate);                 /* SIGHUP */
void gate_reload_pauses(struct gate *gate);                /* their rows changed */
void gate_set_stalled(struct gate *gate, bool stalled);    /* the ledger's disk */

struct gate_token { /* NULL and 0: not known; borrowed */
    const char *tenant;
    const char *email;
    const char *fingerprint;
    int64_t expires_ms;
};

struct gate_token gate_token(const struct gate *gate);

#endif
