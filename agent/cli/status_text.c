/*
 * status_text.c - a line per fact, its label in the first column, and no line for what is
 * not the case: on a healthy agent this is five lines. The row may come from a daemon of
 * another version: whatever is missing or of another type is left out.
 */
#include "cli/status_text.h"

#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "cli/mirror_text.h"
#include "cli/progress.h"
#include "cli/row.h"
#include "cli/text.h"

enum { TRANSFER_COLUMNS = 200 };

/* "label       ", blank from the second line of a block on. */
static void label(struct out *out, const char *name, bool first)
{
    out_print(out, "%-12s", first ? name : "");
}

static void put(struct out *out, const char *before, const char *text)
{
    if (!text)
        return;
    out_print(out, "%s", before);
    out_name(out, text);
}

static void write_head(struct out *out, json_t *row)
{
    put(out, "onekey-agent ", row_string(row, "version"));
    put(out, ": ", row_string(row, "state"));
    out_print(out, "\n");
}

static void write_token(struct out *out, json_t *token)
{
    const char *tenant = row_string(token, "tenant");
    const char *fingerprint = row_string(token, "fingerprint");
    const char *expires = row_string(token, "expires");
    char when[TEXT_SIZE];

    if (!tenant && !fingerprint)
        return;
    label(out, "token", true);
    put(out, "", tenant ? tenant : "tenant not known yet");
    put(out, ", ", row_string(token, "email"));
    put(out, ", fingerprint ", fingerprint);
    if (expires)
        put(out, ", expires ", text_when(expires, when));
    out_print(out, "\n");
}

static void write_pauses(struct out *out, json_t *pauses)
{
    size_t index;
    json_t *pause;

    json_array_foreach(pauses, index, pause)
    {
        const char *kind = row_string(pause, "kind");
        char when[TEXT_SIZE];

        label(out, "paused", true);
        if (kind && strcmp(kind, "auth") == 0)
            out_print(out, "the token is refused");
        else
            put(out, "by ", row_string(pause, "by"));
        put(out, ", since ", text_when(row_string(pause, "since"), when));
        put(out, ": ", row_string(pause, "reason"));
        out_print(out, "\n");
    }
}

/* "12 done, 3 failed": the keys of an object that are not 0. */
static void write_counts(struct out *out, const char *name, json_t *counts, const char *none)
{
    const char *key;
    json_t *value;
    bool first = true;

    json_object_foreach(counts, key, value)
    {
        if (json_integer_value(value) == 0)
            continue;
        if (first)
            label(out, name, true);
        out_print(out, "%s%jd ", first ? "" : ", ", (intmax_t)json_integer_value(value));
        out_name(out, key);
        first = false;
    }
    if (first && none) {
        label(out, name, true);
        out_print(out, "%s", none);
    }
    if (!first || none)
        out_print(out, "\n");
}

static void write_oldest(struct out *out, json_t *row)
{
    json_t *seconds = json_object_get(row, "oldest_pending_seconds");
    char span[CLOCK_TEXT_SIZE];

    if (!json_is_integer(seconds))
        return;
    label(out, "waiting", true);
    out_print(out, "the oldest for %s\n",
              clock_span_text(1000 * (int64_t)json_integer_value(seconds), span));
}

static void write_transfers(struct out *out, json_t *transfers)
{
    size_t index;
    json_t *one;

    json_array_foreach(transfers, index, one)
    {
        const char *direction = row_string(one, "direction");
        const struct live_transfer transfer = {
            .path = row_string(one, "path"),
            .direction = direction && strcmp(direction, "down") == 0 ? "down" : "up",
            .bytes_done = row_number(one, "bytes_done"),
            .bytes_total = row_number(one, "bytes_total"),
            .rate = row_number(one, "rate"),
        };
        char line[PROGRESS_LINE_SIZE];

        progress_transfer(&transfer, TRANSFER_COLUMNS, line);
        label(out, "transfers", index == 0);
        out_print(out, "%s\n", line + strspn(line, " "));
    }
}

static void write_watches(struct out *out, json_t *watches)
{
    size_t index;
    json_t *watch;

    json_array_foreach(watches, index, watch)
    {
        label(out, "watches", index == 0);
        put(out, "", row_string(watch, "name"));
        put(out, "  ", row_string(watch, "path"));
        put(out, "  ", row_string(watch, "mode"));
        if (row_number(watch, "directories") > 0)
            out_print(out, ", %jd directories", (intmax_t)row_number(watch, "directories"));
        put(out, ", degraded: ", row_string(watch, "degraded"));
        out_print(out, "\n");
    }
}

/* Beside its plan: how far it is while it runs, else why it failed. */
static void write_progress(struct out *out, json_t *export)
{
    const char *phase = row_string(export, "phase");
    int64_t listed = row_number(export, "listed");

    if (phase && strcmp(phase, "idle") != 0) {
        put(out, ", runs (", phase);
        out_print(out, "): %jd of %jd firmwares", (intmax_t)(listed - row_number(export, "left")),
                  (intmax_t)listed);
    }
    put(out, ", failed: ", row_string(export, "error"));
}

static void write_exports(struct out *out, json_t *exports)
{
    size_t index;
    json_t *export;

    json_array_foreach(exports, index, export)
    {
        const char *success = row_string(export, "last_success");
        const char *next = row_string(export, "next");
        char when[TEXT_SIZE];

        label(out, "exports", index == 0);
        put(out, "", row_string(export, "name"));
        put(out, "  last success ", success ? text_when(success, when) : "never");
        put(out, ", next ", next ? text_when(next, when) : NULL);
        write_progress(out, export);
        out_print(out, "\n");
    }
}

static void write_quarantined(struct out *out, int64_t count)
{
    if (count == 0)
        return;
    label(out, "quarantine", true);
    out_print(out, "%jd SBOM document%s: see the alerts, and sbom accept\n", (intmax_t)count,
              count == 1 ? "" : "s");
}

/* A watch of which all is on the platform is told by the counts above. */
static void write_mirrors(struct out *out, json_t *mirrors)
{
    size_t index;
    json_t *mirror;
    bool first = true;

    json_array_foreach(mirrors, index, mirror)
    {
        char text[MIRROR_TEXT_SIZE];

        if (row_number(mirror, "left") <= 0 && row_number(mirror, "failed") <= 0)
            continue;
        label(out, "mirror", first);
        put(out, "", row_string(mirror, "watch"));
        out_print(out, ": %s\n", mirror_text(mirror, text));
        first = false;
    }
}

static void write_groups(struct out *out, json_t *groups)
{
    size_t index;
    json_t *group;

    json_array_foreach(groups, index, group)
    {
        label(out, "held", index == 0);
        put(out, "product group ", row_string(group, "product_group"));
        put(out, ": ", row_string(group, "reason"));
        out_print(out, "\n");
    }
}

static void write_alerts(struct out *out, json_t *row)
{
    json_t *alerts = json_object_get(row, "alerts");
    size_t index;
    json_t *alert;

    json_array_foreach(alerts, index, alert)
    {
        const char *subject = row_string(alert, "subject");
        char when[TEXT_SIZE];

        label(out, "alerts", index == 0);
        put(out, "", row_string(alert, "event"));
        put(out, " ", subject && *subject ? subject : NULL);
        put(out, ", since ", text_when(row_string(alert, "since"), when));
        put(out, ": ", row_string(alert, "text"));
        out_print(out, "\n");
        label(out, "", false);
        put(out, "  ", row_string(alert, "action"));
        out_print(out, "\n");
    }
    if (json_is_true(json_object_get(row, "alerts_more"))) {
        label(out, "", false);
        out_print(out, "and more\n");
    }
}

void status_text(struct out *out, json_t *row)
{
    write_head(out, row);
    write_token(out, json_object_get(row, "token"));
    write_pauses(out, json_object_get(row, "pauses"));
    write_counts(out, "items", json_object_get(row, "items"), "none");
    write_oldest(out, row);
    write_transfers(out, json_object_get(row, "transfers"));
    write_watches(out, json_object_get(row, "watches"));
    write_exports(out, json_object_get(row, "exports"));
    write_quarantined(out, row_number(row, "quarantined"));
    write_mirrors(out, json_object_get(row, "mirror"));
    write_groups(out, json_object_get(row, "held_groups"));
    write_counts(out, "attention", json_object_get(row, "attention"), NULL);
    write_alerts(out, row);
}
