#define ZLIB_CONST /* next_in may point to what is not ours to change */

#include "flow/stored_inflate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/digest.h"
#include "base/mem.h"

enum { CHUNK_BYTES = 65536 };

struct stored_inflate {
    z_stream zlib;
    struct digest *digest;
    char sha256[DIGEST_HEX_SIZE]; /* what it has to be */
    int64_t size;
    int64_t done; /* bytes that came out so far */
    int fd;
    bool has_ended; /* zlib has seen the end of its stream, and its checksum was right */
    unsigned char chunk[CHUNK_BYTES];
};

static bool damaged(const struct stored_inflate *stored, const char *what, struct err *err)
{
    return err_set(err, ERR_DATA,
                   "read document %s: the ledger's copy is damaged: %s; take it from a backup",
                   stored->sha256, what);
}

static bool write_chunk(const struct stored_inflate *stored, size_t size, struct err *err)
{
    const unsigned char *bytes = stored->chunk;
    off_t at = (off_t)stored->done;

    while (size > 0) {
        ssize_t put = pwrite(stored->fd, bytes, size, at);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return err_sys(err, errno, "write document %s", stored->sha256);
        bytes += put;
        size -= (size_t)put;
        at += put;
    }
    return true;
}

static bool take_chunk(struct stored_inflate *stored, size_t size, struct err *err)
{
    if ((int64_t)size > stored->size - stored->done)
        return damaged(stored, "it is longer than it was", err);
    digest_add(stored->digest, stored->chunk, size);
    if (stored->fd >= 0 && !write_chunk(stored, size, err))
        return false;
    stored->done += (int64_t)size;
    return true;
}

/* One call of zlib; *is_full: there may be more of the same input. */
static bool inflate_some(struct stored_inflate *stored, bool *is_full, struct err *err)
{
    stored->zlib.next_out = stored->chunk;
    stored->zlib.avail_out = CHUNK_BYTES;
    int code = inflate(&stored->zlib, Z_NO_FLUSH);
    if (code == Z_MEM_ERROR)
        abort();
    stored->has_ended = code == Z_STREAM_END;
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
        return damaged(stored, "it does not inflate", err);
    *is_full = code == Z_OK && stored->zlib.avail_out == 0;
    return take_chunk(stored, CHUNK_BYTES - stored->zlib.avail_out, err);
}

struct stored_inflate *stored_inflate_new(const char *sha256, int64_t size, int fd)
{
    struct stored_inflate *stored = xcalloc(1, sizeof *stored);

    if (inflateInit(&stored->zlib) != Z_OK)
        abort(); /* only out of memory */
    stored->digest = digest_new();
    snprintf(stored->sha256, sizeof stored->sha256, "%s", sha256);
    stored->size = size;
    stored->fd = fd;
    return stored;
}

bool stored_inflate_add(struct stored_inflate *stored, const void *bytes, size_t size,
                        struct err *err)
{
    bool is_full = size > 0;

    stored->zlib.next_in = bytes;
    stored->zlib.avail_in = (uInt)size;
    while (is_full && !stored->has_ended) {
        if (!inflate_some(stored, &is_full, err))
            return false;
    }
    return stored->zlib.avail_in == 0 || damaged(stored, "more follows its end", err);
}

bool stored_inflate_finish(struct stored_inflate *stored, struct err *err)
{
    char hex[DIGEST_HEX_SIZE];

    digest_hex(stored->digest, hex);
    if (!stored->has_ended)
        return damaged(stored, "its end is missing", err);
    if (stored->done != stored->size)
        return damaged(stored, "it is shorter than it was", err);
    return strcmp(hex, stored->sha256) == 0 || damaged(stored, "its digest is another", err);
}

void stored_inflate_free(struct stored_inflate *stored)
{
    if (!stored)
        return;
    inflateEnd(&stored->zlib);
    digest_free(stored->digest);
    free(stored);
}
