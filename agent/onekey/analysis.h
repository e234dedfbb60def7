/*
 * analysis.h - how far the platform is with many firmwares, in one request.
 *
 * The batch is one query with an alias per firmware (f0, f1, ...), so that one poll serves fifty.
 * An answer may fail in parts: an entry that is null, with an error whose path begins with its
 * alias, tells about that firmware only, and the others still count. An error that names no alias,
 * or one about the token, fails the whole answer.
 *
 *   firmware null, no error, or one that says "not found"     ANALYSIS_UNKNOWN_FIRMWARE
 *   firmware null, with an error (missing right)              ANALYSIS_RIGHTS_MISSING
 *   firmware null, with an error of the server's own trouble  ANALYSIS_UNREADABLE (ask again)
 *   latestAnalysis null                                       ANALYSIS_NOT_STARTED
 *   state is not DONE                                         ANALYSIS_RUNNING
 *   DONE with result COMPLETE                                 ANALYSIS_COMPLETE
 *   DONE with any other result, or none                       ANALYSIS_FAILED
 *
 * Only DONE and COMPLETE are known words. With monitoring the platform analyses again every day, so
 * a complete analysis may be running at the next look: the caller remembers the first COMPLETE.
 */
#ifndef ONEKEY_ANALYSIS_H
#define ONEKEY_ANALYSIS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "onekey/refusal.h"

enum { ANALYSIS_BATCH_MAX = 50, ANALYSIS_WORD_SIZE = 64 };

enum analysis_state {
    ANALYSIS_UNKNOWN_FIRMWARE, /* not there yet, or not visible to this token */
    ANALYSIS_RIGHTS_MISSING,
    ANALYSIS_UNREADABLE,
    ANALYSIS_NOT_STARTED,
    ANALYSIS_RUNNING,
    ANALYSIS_COMPLETE,
    ANALYSIS_FAILED,
};

struct analysis {
    enum analysis_state state;
    char state_text[ANALYSIS_WORD_SIZE];  /* the platform's words, printable; empty when null */
    char result_text[ANALYSIS_WORD_SIZE]; /* idem */
    char reason[REFUSAL_TEXT_SIZE];       /* what the error said, for the states with one */
    char *name;                           /* as the platform shows it; NULL without a firmware */
    char *version;                        /* NULL when it has none */
};

/* For 1 to ANALYSIS_BATCH_MAX sane IDs; the caller frees it. */
char *analysis_request(const char *const *ids, size_t count);

/*
 * Fills analyses[0 .. count - 1] in the order of the IDs that were asked for; release them. On
 * failure none is filled. An entry about another firmware than asked for is ERR_PROTOCOL.
 */
bool analysis_reply(const char *bytes, size_t size, const char *const *ids, size_t count,
                    struct analysis *analyses, struct err *err);
void analysis_release(struct analysis *analyses, size_t count);

const char *analysis_state_name(enum analysis_state state); /* "unknown_firmware", ... */

#endif
