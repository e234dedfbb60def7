/*
 * sbom_accept.c - look, check, choose a file, change. What a person may have mistyped is refused
 * before anything is written; the rest is one transaction of the caller's.
 */
#include "flow/sbom_accept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"
#include "flow/sbom_place.h"
#include "sbom/sbom_facts.h"
#include "store/alert_row.h"
#include "store/quarantine.h"

enum { NAMES_SIZE = 300 };

/* What is quarantined of one firmware. */
struct quarantined {
    struct quarantine_row row; /* the wanted one, else the first */
    size_t count;
    bool found;
    char formats[NAMES_SIZE];
};

static void note_format(struct quarantined *all, const char *format)
{
    size_t used = strlen(all->formats);

    snprintf(all->formats + used, sizeof all->formats - used, "%s%s", all->count ? ", " : "",
             format);
    all->count++;
}

static bool look(struct db *db, const struct sbom_acceptance *want, struct quarantined *all,
                 struct err *err)
{
    auto_free struct quarantine_row *row = xcalloc(1, sizeof *row);
    struct sbom_cursor cursor = {0};
    bool found;

    snprintf(cursor.firmware_id, sizeof cursor.firmware_id, "%s", want->firmware_id);
    for (;;) {
        if (!quarantine_next(db, &cursor, row, &found, err))
            return false;
        if (!found || strcmp(row->sbom.firmware_id, want->firmware_id) != 0)
            return true;
        bool fits = !want->format || strcmp(row->sbom.format, want->format) == 0;
        if (fits && !all->found)
            all->row = *row;
        all->found |= fits;
        note_format(all, row->sbom.format);
    }
}

static bool check(const struct sbom_acceptance *want, const struct quarantined *all,
                  struct err *err)
{
    const struct quarantine_row *row = &all->row;

    if (!all->found && all->count > 0) {
        auto_free char *shown = printable_new(want->format);
        return err_set(err, ERR_INPUT, "no document in format %.100s is in quarantine; there is %s",
                       shown, all->formats);
    }
    if (!all->found) {
        return err_set(
            err, ERR_INPUT,
            "nothing of firmware %s is in quarantine; sbom history %s shows what is kept",
            want->firmware_id, want->firmware_id);
    }
    if (!want->format && all->count > 1) {
        return err_set(err, ERR_USAGE,
                       "several documents of that firmware are in quarantine: say --format with "
                       "one of %s",
                       all->formats);
    }
    if (row->sbom.document_id != 0)
        return true;
    auto_free char *reason = printable_new(row->reason);
    return err_set(err, ERR_DATA,
                   "what the platform sent is no SBOM and cannot be accepted (%.300s); it is asked "
                   "again at the next export",
                   reason);
}

/* ---- where its file goes ---- */

static const char *ext_of(const struct sbom_row *sbom)
{
    enum sbom_kind kind;

    return sbom_kind_of_name(sbom->kind, &kind) ? sbom_kind_ext(kind) : "";
}

/* "a/b.cdx.json" to "a/b.spdx.json"; a path that does not end so has no {ext} in its template. */
static char *change_ext(const char *file, const char *from, const char *to)
{
    size_t size = strlen(file);
    size_t tail = strlen(from);
    bool ends = tail > 0 && *to && size > tail + 1 && file[size - tail - 1] == '.' &&
                strcmp(file + size - tail, from) == 0;

    return ends ? xasprintf("%.*s%s", (int)(size - tail), file, to) : xstrdup(file);
}

static bool choose_file(struct db *db, const struct sbom_row *latest, struct sbom_row *next,
                        struct err *err)
{
    const struct sbom_subject subject = {.firmware_id = next->firmware_id};
    const struct sbom_place place = {
        .subject = &subject, .format = next->format, .ext = ext_of(next)};
    auto_free char *file = change_ext(latest->file, ext_of(latest), ext_of(next));

    if (!sbom_place_apart(db, &place, &file, err))
        return false;
    if (strlen(file) >= sizeof next->file)
        return err_set(err, ERR_DATA, "choose its file: the path is too long");
    snprintf(next->file, sizeof next->file, "%s", file);
    return true;
}

/* ---- the change ---- */

static bool fill(struct db *db, const struct sbom_acceptance *want, struct sbom_row *next,
                 struct err *err)
{
    auto_free struct sbom_row *latest = xcalloc(1, sizeof *latest);
    bool found;

    if (!sbom_latest(db, want->firmware_id, next->format, latest, &found, err))
        return false;
    /* Only what shrank is kept with its bytes, so there is one that it is smaller than. */
    if (!found) {
        return err_set(err, ERR_DATA,
                       "firmware %s has no earlier SBOM in that format; sbom get "
                       "fetches what the platform has",
                       want->firmware_id);
    }
    next->revision = latest->revision + 1;
    next->checked_at = next->accepted_at = want->now_ms;
    next->is_unplaced = true;
    snprintf(next->accepted_by, sizeof next->accepted_by, "%s", want->by);
    snprintf(next->accepted_why, sizeof next->accepted_why, "%s", want->why);
    return choose_file(db, latest, next, err);
}

static bool end_alert(struct db *db, const struct sbom_acceptance *want,
                      const struct quarantined *all, struct err *err)
{
    bool cleared;

    return all->count > 1 ||
           alert_row_clear(db, "sbom_quarantined", want->firmware_id, want->now_ms, &cleared, err);
}

bool sbom_accept(struct db *db, const struct sbom_acceptance *want, struct sbom_row *accepted,
                 struct err *err)
{
    auto_free struct quarantined *all = xcalloc(1, sizeof *all);
    const struct sbom_row *sbom = &all->row.sbom;

    if (!look(db, want, all, err) || !check(want, all, err))
        return false;
    *accepted = *sbom;
    /* Added before it is dropped: the document never belongs to nobody. */
    return fill(db, want, accepted, err) &&
           sbom_add(db, want->firmware_id, accepted, sbom->document_id, err) &&
           quarantine_drop(db, want->firmware_id, sbom->format, NULL, err) &&
           end_alert(db, want, all, err);
}
