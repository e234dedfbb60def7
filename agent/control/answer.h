/*
 * answer.h - what the agent says to a command that reads or changes the state.
 *
 * An answer is an iterator of JSON rows. The daemon's control socket and a command
 * that opens the database itself use the same code, so both say the same. Nothing is
 * done before the first answer_work(); each call is one bounded piece of work (at most
 * ANSWER_PAGE rows are read, no statement stays open), so a listing of a million rows
 * neither blocks a loop nor fills memory.
 *
 * command         arguments                                        rows
 * status          check: bool                                      one, SPEC 10
 * list-firmwares  state, watch, product, since, limit              newest first, SPEC 10
 * show            what, path                                       as listed, and more
 * pause           reason, by                                       {"changed","text"}
 * resume                                                           {"changed","text"}
 * rescan                                                           {"changed","text"}
 * retry           path | failed: true; assume: "missing" | ID      {"changed","text"}
 * forget          path                                             {"changed","text"}
 *
 * sbom-history    firmware; format                                 a revision each
 * sbom-current                                                     a current SBOM each
 * sbom-accept     firmware, reason; by, format                     {"changed","text",...}
 * document        sha256 | all: true                               answer_document.c
 * exports                                                          one each
 * export-run      job | tenant: true; marks_all                    {"changed","text"}
 *
 * answer_sbom.c and answer_export.c have the fields. hand-save, upload and handed are for
 * upload-firmware: answer_hand.h, answer_upload.c.
 *
 * Arguments are texts but limit (number), check and failed (booleans); since is RFC 3339
 * ("2026-11-23T14:44:00Z", "2026-11-23"), or a number of milliseconds since 1970.
 * show: `what` is as it was typed (a path, a firmware ID, a SHA-256 or at least 8 digits
 * of one), `path` the same made absolute, where it could be a path. Unknown arguments are
 * refused: a filter of a newer program must not be ignored. JSON cannot carry every file
 * name: answer_put_path() writes `path` (and what) so that any bytes arrive.
 *
 * In rows a path that is not UTF-8 is shown as printable.h does, and "path_bytes" holds
 * it in hex. "aliases_more": true stands where an item has more aliases than are listed.
 *
 * status adds to SPEC 10: "held_groups":[{"product_group","reason","since"}],
 * "alerts":[{"event","subject","severity","text","action","since"}] (the first 100),
 * "alerts_more", "quarantined" (documents), per export "phase", "error", "listed", "fetched" and
 * "left", "attention":{"failed","held","unconfirmed","overdue","exports","quarantined"} and
 * "check": the exit code of `status --check`: 69 (no daemon), else 77 (token's pause), 75
 * (operator's pause), 3 (something needs attention), 0. With the argument check, answer_exit()
 * is it.
 */
#ifndef CONTROL_ANSWER_H
#define CONTROL_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "control/control_files.h"
#include "control/live.h"
#include "store/db.h"

enum { ANSWER_PAGE = 64 };

struct answer_context {
    struct db *db;           /* borrowed; NULL: no ledger yet, reading finds nothing */
    const struct live *live; /* borrowed; NULL: no daemon runs */
    const char *version;     /* of the program; borrowed */
    int64_t (*now_ms)(void); /* NULL: clock_wall_ms */

    /* That came with the request, or NULL: answer_new() may take from them, nothing later. */
    struct control_files *files;
};

struct answer;

/* Does that command change the ledger? Then it must not be sent again without a look. */
bool answer_changes(const char *command);

/* ERR_USAGE for an unknown command or bad arguments; arguments (NULL: none) are borrowed. */
struct answer *answer_new(const char *command, const json_t *arguments,
                          const struct answer_context *context, struct err *err);
void answer_free(struct answer *answer); /* NULL is fine */

/*
 * One piece of work. *row is the caller's, NULL when this piece brought none; *over says
 * that there will be no more. Changes are committed before the row that tells them, so a
 * row never claims what a full disk undid. After a failure the answer is only freed.
 */
bool answer_work(struct answer *answer, json_t **row, bool *over, struct err *err);

/* answer_work() until there is a row; *row is NULL at the end. For callers without a loop. */
bool answer_next(struct answer *answer, json_t **row, struct err *err);

/* The command's exit code, once it is over. */
int answer_exit(const struct answer *answer);

/* Puts bytes under key, or, where they are not UTF-8, in hex under "<key>_bytes". */
void answer_put_path(json_t *arguments, const char *key, const char *path);

static inline void auto_answer_fn(struct answer **answer)
{
    answer_free(*answer);
}

#define auto_answer __attribute__((cleanup(auto_answer_fn)))

#endif
