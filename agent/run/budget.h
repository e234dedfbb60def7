/*
 * budget.h - transfers.budget: how much more of the backlog may be sent today.
 *
 * A day goes from midnight to midnight of transfers.timezone, however long it is. What counts
 * is kept in the ledger (store/upload_day.h). Pure: the clock is an argument. Days are
 * numbered from 1970-01-01.
 */
#ifndef RUN_BUDGET_H
#define RUN_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/zone.h"
#include "store/upload_day.h"

/* The number of the local day. */
int64_t budget_day(const struct zone *zone, int64_t now_ms);

/* The first moment after now that lies behind that day; it may be tomorrow's 01:00. */
int64_t budget_day_end_ms(const struct zone *zone, int64_t now_ms, int64_t day);

/*
 * What the count is today, from what is kept. A new day begins with 0. A count of tomorrow was
 * begun before the clock was set back: it goes on, as its day would else have two budgets. One
 * of a later day is of a wrong clock: it counts for today, and blocks no longer than that.
 */
struct upload_day budget_today(struct upload_day kept, int64_t today);

/*
 * May so much more of the backlog be sent after what is counted and what is about to be? The
 * day's first image may be larger than the budget: else it would never be sent.
 */
bool budget_allows(int64_t budget, int64_t used, int64_t size);

/* How long the budget makes it last to send so many bytes, at least; 0: it does not bound it. */
int64_t budget_least_ms(int64_t budget, int64_t used, int64_t bytes, int64_t until_midnight_ms);

#endif
