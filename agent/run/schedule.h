/* schedule.h - what decides how many uploads start. Pure. */
#ifndef RUN_SCHEDULE_H
#define RUN_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

struct schedule_facts {
    int64_t slots;     /* transfers.uploads, or fewer while ramping up */
    int64_t active;    /* being sent */
    int64_t limit;     /* limit_unanalysed; 0: none */
    int64_t analysing; /* by the platform, as far as is known */
};

/* How many more may start. */
int64_t schedule_uploads(const struct schedule_facts *facts);

/* How many of so many slots the backlog leaves free, so that a build starts at once. */
int64_t schedule_spare(bool once, int64_t slots);

struct schedule_hold {  /* what the last plan found to hold uploads back */
    bool limit;         /* limit_unanalysed is reached */
    bool budget;        /* the next one of the backlog does not fit into today's budget */
    int64_t used;       /* of it, with what is about to be sent; without a budget 0 */
    int64_t day_end_ms; /* wall: when the next budget begins */
    int64_t told_ms;    /* the day_end_ms of the day for which the log told it */
};

#endif
