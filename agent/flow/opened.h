/*
 * opened.h - the files of one item, opened in a worker: the image and its companions.
 *
 * The image is opened below its watched folder and compared with what settled; the
 * sidecar is read whole (it is small); the attached SBOM is opened.
 */
#ifndef FLOW_OPENED_H
#define FLOW_OPENED_H

#include <stdbool.h>
#include <uv.h>

#include "base/beneath.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/op.h"
#include "flow/handed.h"
#include "flow/source.h"
#include "store/item.h"

struct opened {
    struct beneath_file image;
    struct buf sidecar; /* empty: there is none */
    bool has_sidecar;
    struct beneath_file sbom; /* fd -1: there is none */
    /* the worker's own */
    char *root, *relpath, *sidecar_path, *sbom_path;
    enum beneath_links links;
    struct beneath_facts expected;
    bool network;
    const struct handed *handed; /* or NULL; outlives the worker */
    struct err err;
    void (*done)(void *owner, const struct err *err);
    void *owner;
};

void opened_init(struct opened *opened); /* nothing is open */
void opened_release(struct opened *opened);

/*
 * done() gets ERR_GONE, ERR_CHANGED (not what settled), ERR_INPUT or ERR_IO; opened
 * must stay until then. A missing sidecar or SBOM is no error.
 */
struct op *opened_start(uv_loop_t *loop, struct opened *opened, const struct source *source,
                        const struct item *item, void (*done)(void *owner, const struct err *err),
                        void *owner);

/* The same of an item whose files were handed over. */
struct op *opened_start_handed(uv_loop_t *loop, struct opened *opened, const struct handed *handed,
                               const struct item *item,
                               void (*done)(void *owner, const struct err *err), void *owner);

#endif
