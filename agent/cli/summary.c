/*
 * summary.c - sums over the states. Ignored and gone files are no firmware; what is held or
 * unconfirmed waits for somebody and is counted as left.
 */
#include "cli/summary.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/progress.h"
#include "cli/row.h"
#include "cli/text.h"

struct sums {
    int64_t known; /* all that is or was firmware */
    int64_t left;
};

static struct sums sums_of(const struct agent_totals *totals)
{
    const int64_t *counts = totals->counts;
    struct sums sums = {0};

    for (size_t i = 0; i < ITEM_STATE_COUNT; i++)
        sums.known += i == ITEM_IGNORED || i == ITEM_GONE ? 0 : counts[i];
    sums.left = progress_to_send(totals) + counts[ITEM_ANALYSING] + counts[ITEM_FETCHING] +
                counts[ITEM_UNCONFIRMED] + counts[ITEM_HELD];
    return sums;
}

void summary_text(const struct agent_totals *totals, int64_t ms, char text[SUMMARY_SIZE])
{
    struct sums sums = sums_of(totals);
    char bytes[TEXT_SIZE];
    char span[CLOCK_TEXT_SIZE];

    snprintf(text, SUMMARY_SIZE,
             "%jd known: %jd sent (%s), %jd duplicate%s, %jd done, %jd failed, %jd left; %s",
             (intmax_t)sums.known, (intmax_t)totals->uploads,
             text_bytes(totals->upload_bytes, bytes), (intmax_t)totals->counts[ITEM_DUPLICATE],
             totals->counts[ITEM_DUPLICATE] == 1 ? "" : "s", (intmax_t)totals->counts[ITEM_DONE],
             (intmax_t)totals->counts[ITEM_FAILED], (intmax_t)sums.left, clock_span_text(ms, span));
}

json_t *summary_json(const struct agent_totals *totals, json_t *mirrors, int64_t ms, int exit_code)
{
    const int64_t *counts = totals->counts;
    struct sums sums = sums_of(totals);
    const struct {
        const char *key;
        int64_t value;
    } fields[] = {
        {"known", sums.known},
        {"sent", totals->uploads},
        {"bytes", totals->upload_bytes},
        {"duplicates", counts[ITEM_DUPLICATE]},
        {"done", counts[ITEM_DONE]},
        {"failed", counts[ITEM_FAILED]},
        {"held", counts[ITEM_HELD]},
        {"unconfirmed", counts[ITEM_UNCONFIRMED]},
        {"left", sums.left},
        {"sboms", totals->sboms},
        {"seconds", ms / 1000},
        {"exit", exit_code},
    };
    json_t *document = json_object();

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        json_object_set_new(document, fields[i].key, json_integer(fields[i].value));
    json_object_set(document, "mirror", mirrors);
    return document;
}

bool summary_tells(json_t *mirrors, json_t *mirror)
{
    int64_t open = row_number(mirror, "left") + row_number(mirror, "failed");

    return row_string(mirror, "waits_for") || (open > 0 && json_array_size(mirrors) > 1);
}
