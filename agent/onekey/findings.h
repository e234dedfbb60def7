/*
 * findings.h - what the platform found in a firmware: its own issues and CVEs, or what is new and
 * gone against the firmware before it.
 *
 * The fields are those that the official client asks for (ci-result). Only the ID of a finding is
 * sure to be there: everything else may be null, and words of enums (severity, type) are texts,
 * since the platform adds to them without notice.
 *
 *   firmware, compareFirmwareAnalyses or a list null          ERR_RIGHTS
 *   "errors" with entries                                     as refusal.h says
 *   an entry without an ID, another shape                     ERR_PROTOCOL
 *
 * A firmware has a CVE once, however many components match it. Where the platform says two
 * severities of one CVE, both are told ("LOW/CRITICAL"): that is no known word, so nobody takes it
 * for the lesser one.
 */
#ifndef ONEKEY_FINDINGS_H
#define ONEKEY_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "onekey/field.h"

/* All CVEs of a first firmware come at once; in memory an answer takes some ten times its size. */
enum { FINDINGS_BYTES_MAX = 32 << 20 };

enum finding_kind { FINDING_ISSUE, FINDING_CVE };

struct finding { /* NULL: the platform does not say */
    enum finding_kind kind;
    char *id; /* never NULL */
    char *severity;
    char *type;        /* of an issue */
    char *file;        /* of an issue: a path within the firmware */
    char *description; /* of a CVE */
};

struct finding_list { /* in the platform's order */
    struct finding *items;
    size_t count;
};

struct findings {
    struct finding_list new_issues;
    struct finding_list dropped_issues;
    struct finding_list new_cves;
    struct finding_list dropped_cves;
};

/* Of two sane IDs; the caller frees it. */
char *findings_compare_request(const char *base_id, const char *other_id);

/* *findings is filled on success only; release it then. */
bool findings_compare_reply(const char *bytes, size_t size, struct findings *findings,
                            struct err *err);

/* All that the firmware has, as new; without findings in ELF files, as the official client does. */
char *findings_own_request(const char *id);
bool findings_own_reply(const char *bytes, size_t size, struct findings *findings, struct err *err);

void findings_release(struct findings *findings);

/* ---- which firmware came before? ---- */

enum { FINDINGS_TIMELINE_MAX = 50 };

struct findings_timeline {
    char ids[FINDINGS_TIMELINE_MAX][FIRMWARE_ID_SIZE]; /* newest first */
    size_t count;
    bool is_cut; /* there may be older ones */
};

enum findings_place {
    FINDINGS_AFTER,   /* *previous was uploaded before it */
    FINDINGS_FIRST,   /* it is the first firmware of its product */
    FINDINGS_UNKNOWN, /* the timeline does not reach back so far */
};

/* The newest firmwares of the same product, at most count of them. */
char *findings_timeline_request(const char *id, size_t count);
bool findings_timeline_reply(const char *bytes, size_t size, size_t count,
                             struct findings_timeline *timeline, struct err *err);

/* *previous is borrowed from the timeline. */
enum findings_place findings_place_of(const struct findings_timeline *timeline, const char *id,
                                      const char **previous);

#endif
