/*
 * export_job.h - tables export_job and export_work: the exports, and how far each one is.
 *
 * A run is begun with its slot and phase in one row, and has a row of work for each firmware
 * that is still to be fetched. So it goes on where it was, whatever ended the process.
 */
#ifndef STORE_EXPORT_JOB_H
#define STORE_EXPORT_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

/* X(constant, name in the database) */
#define EXPORT_PHASES(X)                                                                           \
    X(IDLE, "idle")                                                                                \
    X(LIST, "list")   /* which firmwares are there */                                              \
    X(FETCH, "fetch") /* their SBOMs, one after the other */                                       \
    X(PLACE, "place") /* is each file of the folder where it should be? */                         \
    X(INDEX, "index") /* index.json, index.csv, SHA256SUMS */

enum export_phase {
#define X(constant, name) EXPORT_##constant,
    EXPORT_PHASES(X)
#undef X
};

enum { EXPORT_NAME_SIZE = 72, EXPORT_ERROR_SIZE = 512 };

struct export_counts {   /* of one run */
    int64_t listed;      /* in scope and passing the filter */
    int64_t fetched;     /* looked at in this run, in any format */
    int64_t written;     /* documents: new revisions */
    int64_t restored;    /* documents: put back where their file was missing */
    int64_t unchanged;   /* documents */
    int64_t not_ready;   /* firmwares: no analysis was completed yet */
    int64_t quarantined; /* documents */
    int64_t failed;      /* firmwares */
    int64_t vanished;    /* marked in this run */
};

struct export_job {
    char name[EXPORT_NAME_SIZE];
    int64_t last_slot; /* the last due slot that was taken or passed over; 0: none yet */
    int64_t last_attempt_at;
    int64_t last_success_at;
    char error[EXPORT_ERROR_SIZE]; /* of the last attempt that ended; "": it went well */
    enum err_kind error_kind;      /* of it; the ledger does not keep it: ERR_OK after a start */
    enum export_phase phase;
    int64_t run_slot; /* 0: asked for by a person */
    int64_t run_started_at;
    bool run_marks_all;          /* a person allowed to mark more than a tenth as vanished */
    struct export_counts counts; /* of the run under way, else of the last one */
};

/* As it stands in the ledger. */
const char *export_phase_name(enum export_phase phase);

/* Zeroed with its name where there is none. */
bool export_job_get(struct db *db, const char *name, struct export_job *job, struct err *err);
bool export_job_save(struct db *db, const struct export_job *job, struct err *err);

/* Walks the names in their order: name becomes the next one; "" at the beginning. */
bool export_job_next(struct db *db, char name[EXPORT_NAME_SIZE], bool *found, struct err *err);

/* Jobs that the configuration no longer has; names: a JSON array. Their work and alerts go too. */
bool export_job_drop_strays(struct db *db, const char *names, int64_t now_ms, struct err *err);

/* ---- work ---- */

struct export_work {
    char firmware_id[72];
    int64_t attempts;
    int64_t due_at;
};

bool export_work_add(struct db *db, const char *job, const char *firmware_id, struct err *err);

/* So many rows a call: a ledger of any size is gone through a turn at a time. */
enum { EXPORT_PAGE = 256 };

struct export_page { /* zeroed at the beginning */
    char after[72];
    bool is_last;
};

/* One for each firmware that was uploaded from here, a page a call. */
bool export_work_add_ledger(struct db *db, const char *job, struct export_page *page,
                            struct err *err);

struct export_batch { /* the caller's array, of max; count are filled */
    struct export_work *work;
    size_t max;
    size_t count;
};

/* Those that are due, in the order of due_at. */
bool export_work_due(struct db *db, const char *job, int64_t now_ms, struct export_batch *batch,
                     struct err *err);

/* How many are left. */
bool export_work_left(struct db *db, const char *job, int64_t *left, struct err *err);

/* When the next one after that moment is due; INT64_MAX: none. */
bool export_work_next(struct db *db, const char *job, int64_t after_ms, int64_t *due_at,
                      struct err *err);

/* The wall clock was set back: what is due later than that is due now. */
bool export_work_hasten(struct db *db, int64_t later_than_ms, struct err *err);

bool export_work_retry(struct db *db, const char *job, const struct export_work *work,
                       struct err *err);
bool export_work_done(struct db *db, const char *job, const char *firmware_id, struct err *err);
/* A page of them; *over: there are no more. */
bool export_work_clear(struct db *db, const char *job, bool *over, struct err *err);

#endif
