/* exports_parts.h - what the files of the exports share; nobody else's. */
#ifndef RUN_EXPORTS_PARTS_H
#define RUN_EXPORTS_PARTS_H

#include "base/calendar.h"
#include "base/zone.h"
#include "flow/export_list.h"
#include "run/exports.h"

enum { EXPORTS_HOST_SIZE = 72 };

struct exports_one {
    const struct config_export *config; /* NULL: the whole tenant, by hand */
    struct export_plan plan;
    struct calendar *calendar;
    struct zone *zone;
    struct export_job row;
    bool is_dirty; /* the row is to be saved */
    bool has_run;  /* a run ended in this process */
    bool is_ordered;
    bool is_swept;                       /* in phase PLACE: every file was looked at */
    bool is_written;                     /* as it is, by the save under way */
    bool is_unsure;                      /* its list is not committed yet */
    unsigned losses;                     /* turn_losses() when that list began */
    int64_t first_trouble_ms;            /* steady; of the phase under way; 0: none */
    int64_t failures;                    /* in a row, of the phase under way */
    int64_t retry_at_ms;                 /* wall */
    char first_error[EXPORT_ERROR_SIZE]; /* of a firmware that failed in this run */
};

struct exports {
    struct exports_options options;
    struct exports_one *ones;
    size_t count;                /* the last one is the whole tenant */
    struct exports_one *current; /* whose run is worked on; NULL: none */
    struct save save;
    bool is_saving;
    char host[EXPORTS_HOST_SIZE];
    struct sbom_cursor not_placed; /* the last document that could not get its place */
    int64_t disk_full_since_ms;    /* steady; 0: it is not */
    int64_t place_again_ms;        /* wall */
};

/* ---- exports_due.c: pure but for the row ---- */

/* The slot for which the job has to run now; 0: none. */
int64_t exports_due_slot(const struct exports *exports, const struct exports_one *one,
                         int64_t now_ms);

/* When it has to be looked at again for its schedule; INT64_MAX: never. */
int64_t exports_due_at(const struct exports *exports, const struct exports_one *one,
                       int64_t now_ms);

/* What `status` says: while it runs, the slot after that. */
int64_t exports_next_at(const struct exports *exports, const struct exports_one *one,
                        int64_t now_ms);

/* At the start: what was missed and is not made up for, and a clock that was set back. */
void exports_settle_slot(const struct exports *exports, struct exports_one *one, int64_t now_ms);

/* ---- exports_run.c: the phases of a run ---- */

void exports_begin(struct exports *exports, struct exports_one *one, int64_t slot);
void exports_list_again(struct exports *exports, struct exports_one *one);
void exports_work(struct exports *exports, struct exports_one *one, int64_t slots);
void exports_mark_dirty(struct exports *exports, struct exports_one *one);

/* exports.c */
void exports_note_disk(struct exports *exports, bool is_full);
bool exports_are_placing(const struct exports *exports);

#endif
