/*
 * export_index.h - what lies in the SBOM folder, as index.json, index.csv and SHA256SUMS.
 *
 * Each current SBOM whose file lies below the folder is a row, in the order of firmware ID and
 * format; files elsewhere (an earlier sbom.directory) are left out of all three.
 * How a row reads: export_index_row.h.
 *
 * SHA256SUMS has the documents in the same order, then index.json and index.csv, as
 * sha256sum(1) writes and checks it.
 *
 * Promises:
 *  - there is no time of the run in it: an unchanged folder gives equal bytes, and a file that
 *    has these bytes already is not touched;
 *  - the files appear whole, in the order index.json, index.csv, SHA256SUMS, and only after all
 *    three are on the disk: where there is no room, the old ones stay;
 *  - rows are read a page a turn of the loop; memory is bounded by the page;
 *  - `done` is called exactly once, on the loop, never from inside export_index_start() or the
 *    operation's cancel; the struct op is gone when it returns.
 *
 * Errors: ERR_STORE, ERR_IO, ERR_DISK_FULL, ERR_CANCELLED.
 */
#ifndef FLOW_EXPORT_INDEX_H
#define FLOW_EXPORT_INDEX_H

#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "base/op.h"
#include "store/db.h"

struct export_index_options {
    uv_loop_t *loop;
    struct db *db;         /* borrowed until done */
    const char *directory; /* sbom.directory, absolute; copied; made when it is missing */
    unsigned file_mode;
};

struct export_index_result {
    int64_t rows; /* documents that are listed */
    int written;  /* of the three files; the others had these bytes already */
};

/* result is NULL when err is not; both are gone when it returns. */
typedef void export_index_done_fn(void *owner, const struct export_index_result *result,
                                  const struct err *err);

struct op *export_index_start(const struct export_index_options *options,
                              export_index_done_fn *done, void *owner);

#endif
