/*
 * handed.h - a file that a command handed over, in place of a watched folder.
 *
 * upload-firmware opens the files itself and passes them on, to its own agent or to a daemon
 * that may not see the folder. Such an item has watch "": its metadata came with it, its files
 * are open descriptors in this process's memory. It goes the way of every other item; what
 * cannot be done without its files ends `gone` once they are, and the command says so.
 *
 * With sbom_only the item's content is the SBOM: it gives the digest, and the platform gets an
 * empty firmware part beside it, as the official client sends it.
 */
#ifndef FLOW_HANDED_H
#define FLOW_HANDED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "flow/flow.h"

enum { HANDED_MAX = 64 }; /* open at a time: descriptors are bounded */

struct handed_file {
    const char *path; /* of the image, of the SBOM with sbom_only; absolute; for people */
    int fd;           /* open for reading, a regular file */
    const char *sbom_path;
    int sbom_fd; /* -1: none */
    bool sbom_only;
    bool force;     /* sent even when the bytes are known */
    bool hash_sent; /* nothing is known to compare with: the digest is of what is sent */
    bool monitoring;
    const char *vendor, *product, *name; /* required */
    const char *version, *category;      /* NULL: unset, from here */
    const char *group, *configuration;
    const char *release_date, *notes;
};

struct handed { /* in flow->handed */
    int64_t item_id;
    int fd, sbom_fd;
    char *sbom_path;
    bool sbom_only;
    bool force;
    bool hash_sent;
    struct handed *next;
};

/*
 * Adds the row, `hashing`, and keeps duplicates of the descriptors; *id is the row's. Not
 * committed. ERR_INPUT: not a regular file, empty, or not open for reading; ERR_BUSY: there
 * are HANDED_MAX already.
 */
bool handed_add(struct flow *flow, const struct handed_file *file, int64_t *id, struct err *err);

/* The files of that row; NULL when there are none. */
const struct handed *handed_find(const struct flow *flow, int64_t item_id);

/* True for a row that came by hand, whether its files are there or not. */
bool handed_is(const struct item *item);

/* The row needs its files no more, or nothing does: they are closed. */
void handed_drop(struct flow *flow, int64_t item_id);
void handed_drop_all(struct flow *flow);

/* Now and then: rows that others brought to an end, by hand or by a batch. */
void handed_sweep(struct flow *flow);

/* What was handed over is read until the platform has it, or will never get it. */
bool handed_needs_files(const struct item *item);

#endif
