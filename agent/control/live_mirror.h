/*
 * live_mirror.h - how far a watch is on its way to the platform: the mirror report.
 *
 * Each item of the watch is in exactly one of sent, duplicate, failed and left, and known is
 * their sum; what is ignored or gone is none of them. The numbers come from the ledger; what
 * takes a running agent is null without one.
 */
#ifndef CONTROL_LIVE_MIRROR_H
#define CONTROL_LIVE_MIRROR_H

#include <jansson.h>
#include <stdint.h>

#include "store/item_count.h"

struct live_mirror {
    const char *watch;
    int64_t known;
    int64_t sent; /* on the platform, analysed or not */
    int64_t duplicate;
    int64_t failed; /* held and unconfirmed ones too: a person has to look */
    int64_t left;   /* on their way to the platform */
    int64_t bytes_left;
    int64_t seconds_left;  /* -1: not known */
    const char *waits_for; /* "budget", "limit_unanalysed", "token", ...; NULL: nothing known */
};

struct live_mirror live_mirror_of(const struct item_tally *tally);

/* As it stands in status and in the summary of a pass; caller owns it. */
json_t *live_mirror_json(const struct live_mirror *mirror);

#endif
