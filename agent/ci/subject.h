/*
 * subject.h - the firmware that a report is about, what it was compared with, and where people
 * look at it.
 */
#ifndef CI_SUBJECT_H
#define CI_SUBJECT_H

enum subject_basis {
    BASIS_PREVIOUS, /* compared with the firmware before it */
    BASIS_FIRST,    /* the first of its product: all that it has is new */
    BASIS_UNKNOWN,  /* which came before is not known: all that it has counts as new */
};

struct subject {
    char *firmware_id;
    char *name;        /* NULL: not known */
    char *version;     /* NULL: it has none */
    char *previous_id; /* NULL: there is none, or it is not known */
    enum subject_basis basis;
    char *state; /* of the analysis, the platform's words; NULL: none yet */
    char *result;

    /* Web pages: scheme and host of api.url, then as the official client writes them. */
    char *firmware_link;
    char *issues_link;
    char *cves_link;
    char *compare_link; /* NULL without previous_id */
};

/* For a sane ID; release it. api_url as the configuration has it (with a host). */
void subject_init(struct subject *subject, const char *api_url, const char *firmware_id);

/* previous_id is a sane ID, or NULL. */
void subject_compare(struct subject *subject, const char *previous_id, enum subject_basis basis);

void subject_release(struct subject *subject);

/* "Acme-Router-1.0 1.0", or the ID where there is no name; printable. Caller frees. */
char *subject_title(const struct subject *subject);

#endif
