/*
 * doctor.h - findings about this machine, its configuration and the way to the platform.
 *
 * A finding is a line "ok   what: fact" or "warn what: fact; what to do". They are printed
 * as they are made, since some take their time; with --json they become one document. A
 * fact is written by us, but names in it are others': the whole line is made printable.
 */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "cli/session.h"

/* What a failure stands in the way of, the most basic first: that one decides the exit code. */
enum doctor_area { DOCTOR_CONFIGURATION, DOCTOR_TOKEN, DOCTOR_PLATFORM, DOCTOR_STATE };

struct doctor {
    struct session *session; /* borrowed */
    json_t *checks;          /* with --json, else NULL */
    bool has_failed;
    enum doctor_area worst; /* of the failures */
    int exit_code;
};

struct doctor_trouble {
    const char *name;
    const char *action; /* what a person should do */
    enum doctor_area area;
    enum err_kind kind; /* its exit code */
};

void doctor_begin(struct doctor *doctor, struct session *session);

void doctor_ok(struct doctor *doctor, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void doctor_warn(struct doctor *doctor, const char *name, const char *action, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));
void doctor_fail(struct doctor *doctor, const struct doctor_trouble *trouble, const char *format,
                 ...) __attribute__((format(printf, 3, 4)));

/* Prints what is left. Returns the exit code: 0 when nothing failed. */
int doctor_end(struct doctor *doctor);

#endif
