#include "cli/mirror_text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/row.h"
#include "cli/text.h"

enum { LEFT_SIZE = 96, MS = 1000 };

/* What it waits for; NULL for what this version does not know. */
static const char *wait_text(const char *waits_for)
{
    static const struct {
        const char *key;
        const char *text;
    } known[] = {
        {"budget", "waits for the next day's budget"},
        {"limit_unanalysed", "waits for analyses (limit_unanalysed)"},
        {"token", "waits for a working token"},
        {"operator", "paused by the operator"},
        {"platform", "waits for the platform"},
        {"disk", "waits for room on the disk"},
    };

    for (size_t i = 0; waits_for && i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i].key, waits_for) == 0)
            return known[i].text;
    }
    return NULL;
}

/* " (1.2 TiB, about 3 h 20 min)"; empty when nothing is left. */
static const char *left_text(json_t *mirror, char text[LEFT_SIZE])
{
    json_t *seconds = json_object_get(mirror, "seconds_left");
    char bytes[TEXT_SIZE];
    char span[CLOCK_TEXT_SIZE] = "";

    text[0] = '\0';
    if (row_number(mirror, "left") <= 0)
        return text;
    if (json_is_integer(seconds))
        clock_span_text((int64_t)json_integer_value(seconds) * MS, span);
    snprintf(text, LEFT_SIZE, " (%s%s%s)", text_bytes(row_number(mirror, "bytes_left"), bytes),
             span[0] ? ", about " : "", span);
    return text;
}

const char *mirror_text(json_t *mirror, char text[MIRROR_TEXT_SIZE])
{
    const char *waits = wait_text(row_string(mirror, "waits_for"));
    int64_t duplicates = row_number(mirror, "duplicate");
    char left[LEFT_SIZE];

    snprintf(text, MIRROR_TEXT_SIZE,
             "%jd known: %jd sent, %jd duplicate%s, %jd failed, %jd left%s%s%s",
             (intmax_t)row_number(mirror, "known"), (intmax_t)row_number(mirror, "sent"),
             (intmax_t)duplicates, duplicates == 1 ? "" : "s",
             (intmax_t)row_number(mirror, "failed"), (intmax_t)row_number(mirror, "left"),
             left_text(mirror, left), waits ? "; " : "", waits ? waits : "");
    return text;
}
