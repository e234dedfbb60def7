/* explain_parts.h - what the files of explain share while one watch is asked. Private to them. */
#ifndef CLI_EXPLAIN_PARTS_H
#define CLI_EXPLAIN_PARTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/beneath.h"
#include "cli/explain.h"
#include "flow/source.h"

struct explaining {
    const struct explain *asked;
    const struct source *source;
    const char *relpath;
    json_t *object; /* what is being gathered */
    int root_fd;    /* -1: the folder cannot be opened */
    struct beneath_file file;
    bool exists;     /* it could be looked at */
    bool is_missing; /* there is nothing at all; neither: a link that is not followed */
    bool is_regular;
    bool is_taken;
    bool has_metadata;
    bool is_lacking;          /* its SBOM is missing and `if_missing` is fail */
    const char *waits;        /* for a companion; NULL: for none */
    const char *attachment;   /* the SBOM's name in the request, relpath's memory below */
    char *attachment_relpath; /* owned */
    int64_t attachment_size;  /* -1: it is not there yet */
};

/* An errno value; the agent's own care about links below the watched folder. */
int explain_look(const struct explaining *explaining, const char *relpath,
                 struct beneath_file *file);

/* The last component. */
const char *explain_base_name(const char *path);

/* Where the watch's option stands: "agent.yaml:9:15"; NULL for a default. Caller frees. */
char *explain_place(const struct explaining *explaining, const char *option);

/*
 * Adds {"path","exists","text"} under key and says whether that file is there. Nothing for
 * relpath NULL, where none is configured.
 */
bool explain_companion(struct explaining *explaining, const char *key, const char *relpath,
                       const char *if_missing);

/* "marker" and "attachment" */
void explain_companions(struct explaining *explaining);

/* "sidecar", "metadata" and "metadata_error" or, of a file that is taken, "request" */
void explain_metadata(struct explaining *explaining);

#endif
