/*
 * sbom_file.c - one pass over the file on a worker thread.
 *
 * Happy path: queued; per chunk pread, digest, reader, deflate, pwrite; the reader's
 * verdict; done on the loop. Any failure, or a cancel seen between two chunks, ends the
 * pass and is what done reports. The worker owns the whole struct until then; only
 * `cancelled` is shared.
 */
#include "sbom/sbom_file.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "base/auto.h"
#include "base/mem.h"
#include "sbom/sbom_reader.h"

enum { CHUNK = 256 * 1024, PACKED_CHUNK = 64 * 1024 };

struct sbom_file {
    struct op op; /* first: file_of() */
    uv_work_t work;
    atomic_bool cancelled;
    int fd;
    int compressed_fd;
    sbom_file_done_fn *done;
    void *owner;
    struct sbom_file_result result;
    struct err err; /* kind OK: it went well */
};

/* What the pass needs only while it runs. */
struct pass {
    struct sbom_file *file;
    struct sbom_reader *reader;
    struct digest *digest;
    z_stream deflater;
    unsigned char *packed;
};

static struct sbom_file *file_of(struct op *op)
{
    return (struct sbom_file *)op;
}

/* pwrite, so that the caller's descriptor may be at any position, or shared. */
static bool write_packed(struct pass *pass, size_t size, struct err *err)
{
    struct sbom_file_result *result = &pass->file->result;

    for (size_t at = 0; at < size;) {
        ssize_t put = pwrite(pass->file->compressed_fd, pass->packed + at, size - at,
                             result->compressed_size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return err_sys(err, errno, "write compressed SBOM");
        at += (size_t)put;
        result->compressed_size += put;
    }
    return true;
}

static bool compress_chunk(struct pass *pass, unsigned char *bytes, size_t size, int flush,
                           struct err *err)
{
    z_stream *deflater = &pass->deflater;

    if (pass->file->compressed_fd < 0)
        return true;
    deflater->next_in = bytes;
    deflater->avail_in = (uInt)size;
    do {
        deflater->next_out = pass->packed;
        deflater->avail_out = PACKED_CHUNK;
        int status = deflate(deflater, flush);
        assert(status != Z_STREAM_ERROR);
        (void)status;
        if (!write_packed(pass, PACKED_CHUNK - deflater->avail_out, err))
            return false;
    } while (deflater->avail_out == 0);
    return true;
}

/* The reader goes before the deflater: what is no SBOM is not worth compressing. */
static bool take_chunk(struct pass *pass, unsigned char *bytes, size_t size, struct err *err)
{
    digest_add(pass->digest, bytes, size);
    pass->file->result.size += (int64_t)size;
    return sbom_reader_feed(pass->reader, bytes, size, err) &&
           compress_chunk(pass, bytes, size, Z_NO_FLUSH, err);
}

static bool read_chunks(struct pass *pass, struct err *err)
{
    struct sbom_file *file = pass->file;
    auto_free char *chunk = xcalloc(1, CHUNK);

    for (;;) {
        if (atomic_load(&file->cancelled))
            return err_set(err, ERR_CANCELLED, "inspect SBOM: cancelled");
        ssize_t got = pread(file->fd, chunk, CHUNK, file->result.size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_sys(err, errno, "read SBOM");
        if (got == 0)
            return compress_chunk(pass, NULL, 0, Z_FINISH, err);
        if (!take_chunk(pass, (unsigned char *)chunk, (size_t)got, err))
            return false;
    }
}

static void begin_pass(struct pass *pass)
{
    pass->reader = sbom_reader_new();
    pass->digest = digest_new();
    pass->packed = xcalloc(1, PACKED_CHUNK);
    if (deflateInit(&pass->deflater, Z_DEFAULT_COMPRESSION) != Z_OK)
        abort(); /* only out of memory */
}

static void end_pass(struct pass *pass)
{
    deflateEnd(&pass->deflater);
    free(pass->packed);
    digest_free(pass->digest);
    sbom_reader_free(pass->reader);
}

/* On a worker thread: nothing here may touch the loop or the owner. */
static void on_work(uv_work_t *work)
{
    struct sbom_file *file = work->data;
    struct pass pass = {.file = file};

    begin_pass(&pass);
    if (read_chunks(&pass, &file->err) &&
        sbom_reader_finish(pass.reader, &file->result.facts, &file->err))
        digest_hex(pass.digest, file->result.sha256);
    end_pass(&pass);
}

/* A cancel that came after the last chunk still wins: its caller wants no result. */
static void on_worked(uv_work_t *work, int status)
{
    struct sbom_file *file = work->data;

    if (status == UV_ECANCELED || atomic_load(&file->cancelled))
        err_record(&file->err, ERR_CANCELLED, "inspect SBOM: cancelled");
    if (file->err.kind == ERR_OK)
        file->done(file->owner, &file->result, NULL);
    else
        file->done(file->owner, NULL, &file->err);
    free(file);
}

static void on_cancel(struct op *op)
{
    struct sbom_file *file = file_of(op);

    atomic_store(&file->cancelled, true);
    uv_cancel((uv_req_t *)&file->work); /* not begun: never; begun: the flag ends it */
}

struct op *sbom_file_start(uv_loop_t *loop, int fd, int compressed_fd, sbom_file_done_fn *done,
                           void *owner)
{
    struct sbom_file *file = xcalloc(1, sizeof *file);

    assert(fd >= 0 && done);
    file->op.cancel = on_cancel;
    file->work.data = file;
    file->fd = fd;
    file->compressed_fd = compressed_fd;
    file->done = done;
    file->owner = owner;
    int status = uv_queue_work(loop, &file->work, on_work, on_worked);
    assert(status == 0); /* fails only without a work callback */
    (void)status;
    return &file->op;
}
