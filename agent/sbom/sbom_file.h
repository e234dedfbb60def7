/*
 * sbom_file.h - inspects an SBOM file on a worker thread: digest, facts, compressed copy.
 *
 * One pass over the file from offset 0, in chunks of 256 KiB; under 2 MiB of memory. The
 * file positions of both descriptors are left alone.
 *
 * Rules that callers can rely on:
 *  - `done` is called exactly once, on the loop thread, never from inside sbom_file_start()
 *    or the operation's cancel; the struct op is gone when it returns;
 *  - cancelled, it ends between two chunks with ERR_CANCELLED;
 *  - what is no SBOM ends with ERR_DATA (see sbom_reader.h), trouble with the files
 *    with ERR_IO or ERR_DISK_FULL; what compressed_fd then holds is worthless.
 */
#ifndef SBOM_SBOM_FILE_H
#define SBOM_SBOM_FILE_H

#include <uv.h>

#include "base/op.h"
#include "sbom/sbom_facts.h"

struct sbom_file_result {
    struct sbom_facts facts;
    char sha256[DIGEST_HEX_SIZE]; /* of the original bytes */
    int64_t size;                 /* of the original, in bytes */
    int64_t compressed_size;      /* 0 without compressed_fd */
};

/* result is NULL when err is not; both are gone when it returns. */
typedef void sbom_file_done_fn(void *owner, const struct sbom_file_result *result,
                               const struct err *err);

/*
 * Both descriptors are borrowed until done. compressed_fd (an empty file open for
 * writing, such as O_TMPFILE) gets the document as one zlib stream (RFC 1950, what
 * uncompress() and inflateInit() take); -1 for none. loop must live until done.
 */
struct op *sbom_file_start(uv_loop_t *loop, int fd, int compressed_fd, sbom_file_done_fn *done,
                           void *owner);

#endif
