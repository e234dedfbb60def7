/*
 * junit.h - the findings as a JUnit report, for build servers that show test results.
 *
 * Suites, test cases and texts are those of the official client: suites "ONEKEY identified issues"
 * and "ONEKEY identified CVE entries"; a new finding is a failure, a dropped one has passed. A new
 * finding that does not count (ignored, less grave than the threshold) is skipped, with the reason.
 *
 * The form is that of the Jenkins xUnit schema junit-10.xsd as it was to version 2.3 of the plugin,
 * the one that knows status, file and url of a test case; tests/schema/junit.xsd says it again,
 * stricter. GitLab and Jenkins' own JUnit step take more than that.
 */
#ifndef CI_JUNIT_H
#define CI_JUNIT_H

#include <stdio.h>

#include "ci/judgement.h"
#include "ci/subject.h"

/* The whole document. Look at ferror() afterwards. */
void junit_write(FILE *stream, const struct subject *subject, const struct findings *findings,
                 const struct judgement *judgement);

#endif
