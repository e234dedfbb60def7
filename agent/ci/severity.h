/*
 * severity.h - how grave a finding is, by the platform's word for it. Pure.
 *
 * CRITICAL > HIGH > MEDIUM > LOW > INFORMATIONAL, in any case. A word that is not known (the
 * platform adds to its enums without notice) and a missing one are at least as grave as every
 * threshold: what nobody can judge is never hidden.
 */
#ifndef CI_SEVERITY_H
#define CI_SEVERITY_H

#include <stdbool.h>

#define SEVERITY_WORDS "CRITICAL, HIGH, MEDIUM, LOW or INFORMATIONAL"

/* From 0 for INFORMATIONAL; the highest of all for an unknown word or NULL. */
int severity_rank(const char *word);

bool severity_is_known(const char *word);

/* As the platform writes it; a word that is not known as it is, "UNKNOWN" for NULL. Borrowed. */
const char *severity_text(const char *word);

#endif
