/*
 * report.h - the findings for a person who reads a build's log.
 */
#ifndef CI_REPORT_H
#define CI_REPORT_H

#include <stddef.h>
#include <stdio.h>

#include "ci/judgement.h"
#include "ci/subject.h"

enum { REPORT_ROWS_MAX = 50, REPORT_PLACE_SIZE = 161 };

/*
 * What it was compared with, counts, at most REPORT_ROWS_MAX findings (those that count come
 * first, the gravest of them at the top), links. Names are printable, a line each.
 */
void report_write(FILE *stream, const struct subject *subject, const struct findings *findings,
                  const struct judgement *judgement);

/* The verdict in one line: "2 new findings count against the build". Caller frees. */
char *report_verdict(const struct judgement *judgement);

/* Where a finding is or what it says: an issue's file, a CVE's description; printable, cut to
 * fit. Returns text. */
const char *report_place(const struct finding *finding, char *text, size_t size);

/* "1 ignored, 2 less grave than HIGH"; NULL when there are none. Caller frees. */
char *report_left_out(const struct judgement *judgement);

#endif
