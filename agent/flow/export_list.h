/*
 * export_list.h - which firmwares an export is about.
 *
 * scope tenant  asks the platform for its list, as a whole; each firmware in it that the filter
 *               lets through becomes a row of work, unless no analysis of it was completed yet
 * scope ledger  each firmware that this agent uploaded; the filter is applied when it is fetched
 *
 * What the list no longer shows has vanished. That is told of the whole list, not of the filtered
 * one, and marked only where `marks` says so. An empty list, or one in which more than a tenth
 * (and more than one) is missing, is not believed: nothing is marked, and the run says so.
 *
 * Nothing of a list counts before it was read to its end: the rows of work are made anew.
 */
#ifndef FLOW_EXPORT_LIST_H
#define FLOW_EXPORT_LIST_H

#include "flow/flow.h"
#include "store/firmware_row.h"

struct export_filter { /* fnmatch(3) patterns; NULL: any */
    const char *vendor;
    const char *product;
    const char *product_group;
    const char *name;
    const char *version;
};

struct export_plan {  /* an export as it is configured; must stay while jobs of it run */
    const char *name; /* of the job */
    bool is_tenant;
    bool marks; /* what vanished */
    struct export_filter filter;
};

struct export_listing {
    int64_t listed; /* passing the filter */
    int64_t not_ready;
    int64_t vanished;  /* marked now */
    unsigned losses;   /* turn_losses() when it began to be written: another number, another list */
    char refused[384]; /* why nothing was marked, or the filter cannot be held; "": all is well */
};

/* Called once, on the loop. listing is NULL when err is not; both are gone when it returns. */
typedef void export_list_done_fn(void *owner, const struct export_listing *listing,
                                 const struct err *err);

#define EXPORT_LIST_BATCH "export list"

/* marks_all: a person has seen how many vanished. */
void export_list_start(struct flow *flow, const struct export_plan *plan, bool marks_all,
                       export_list_done_fn *done, void *owner);

/* Pure. A filter for something that is not known of a firmware does not let it through. */
bool export_filter_takes(const struct export_filter *filter, const struct firmware_row *firmware);

/* Pure: why a list is not believed; false: it is. */
bool export_list_is_doubtful(int64_t shown, int64_t kept, int64_t missing, char *why, size_t size);

#endif
