/*
 * answer_parts.h - what answer.c and the commands' files share; nobody else's.
 */
#ifndef CONTROL_ANSWER_PARTS_H
#define CONTROL_ANSWER_PARTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "control/answer.h"
#include "control/answer_arguments.h"
#include "control/control_files.h"
#include "control/steer.h"
#include "store/document.h"
#include "store/item_scan.h"
#include "store/sbom.h"

enum { ANSWER_IDS = 1024 }; /* that show tells of one digest */

struct answer_kind {
    const char *command;
    const struct argument *arguments;
    bool changes; /* needs a ledger */

    /* Checks the arguments and keeps what work() needs; NULL: nothing to do. */
    bool (*start)(struct answer *answer, struct err *err);
    bool (*work)(struct answer *answer, json_t **row, bool *over, struct err *err);
};

struct answer {
    const struct answer_kind *kind;
    struct answer_context context;
    json_t *arguments; /* an object of our own */
    int exit;
    bool over;

    /* listing */
    struct item_scan scan;
    int64_t ids[ANSWER_IDS]; /* found and not told yet: those from at to count */
    size_t at;
    size_t count;
    int64_t left; /* rows that may still be told */
    int64_t told;
    bool details;

    /* SBOMs and exports */
    struct sbom_cursor cursor;      /* of revisions, or of current ones */
    struct sbom_cursor quarantine;  /* of what is quarantined */
    struct document_facts document; /* the last one that was begun; id 0: none */
    int64_t position;               /* of its next piece */
    struct buf piece;               /* told up to `at` */
    json_t *rows;                   /* made at once, told up to `at`; NULL: none yet */

    char *path;                 /* owned; as the scan wants it */
    int fds[CONTROL_FILES_MAX]; /* taken from the request; -1: none */
    struct steer_result result;
};

extern const struct answer_kind answer_status;
extern const struct answer_kind answer_list;
extern const struct answer_kind answer_show;
extern const struct answer_kind answer_pause;
extern const struct answer_kind answer_resume;
extern const struct answer_kind answer_rescan;
extern const struct answer_kind answer_retry;
extern const struct answer_kind answer_forget;
extern const struct answer_kind answer_hand;
extern const struct answer_kind answer_upload;
extern const struct answer_kind answer_handed;
extern const struct answer_kind answer_sbom_history;
extern const struct answer_kind answer_sbom_current;
extern const struct answer_kind answer_sbom_accept;
extern const struct answer_kind answer_document;
extern const struct answer_kind answer_exports;
extern const struct answer_kind answer_export_run;

int64_t answer_now(const struct answer *answer);

#endif
