/*
 * http_writer.c - two buffers that change places.
 *
 * The loop fills one while a worker writes and digests the other. When both are full the transfer
 * is paused: a slow disk slows the download down and never the loop.
 */
#include "net/http_writer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

struct piece {
    char *bytes;
    size_t size;
};

struct http_writer {
    uv_work_t work;
    uv_loop_t *loop;
    int fd;
    void (*on_change)(void *owner);
    void *owner;
    struct piece filling;
    bool is_working;
    bool is_finishing;
    bool is_finished;
    /* The worker's, while is_working. */
    struct piece writing;
    int64_t offset;
    struct digest *digest;
    struct err failure; /* ERR_OK: none */
    char sha256[DIGEST_HEX_SIZE];
};

/* In a worker thread. */
static void on_work(uv_work_t *work)
{
    struct http_writer *writer = work->data;
    size_t done = 0;

    while (done < writer->writing.size) {
        ssize_t put = pwrite(writer->fd, writer->writing.bytes + done, writer->writing.size - done,
                             writer->offset + (int64_t)done);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0) {
            err_sys(&writer->failure, errno, "write what was received");
            return;
        }
        done += (size_t)put;
    }
    /* Of what the disk took, not of what came: the digest vouches for the file. */
    writer->offset += (int64_t)done;
    digest_add(writer->digest, writer->writing.bytes, done);
}

static void write_out(struct http_writer *writer);

static void on_worked(uv_work_t *work, int status)
{
    struct http_writer *writer = work->data;

    (void)status;
    writer->is_working = false;
    /* Finishing may take two rounds: one buffer in work, one not yet full. */
    if (writer->is_finishing && writer->failure.kind == ERR_OK)
        http_writer_finish(writer);
    writer->on_change(writer->owner);
}

static void write_out(struct http_writer *writer)
{
    struct piece full = writer->filling;

    assert(!writer->is_working);
    writer->filling = writer->writing;
    writer->filling.size = 0;
    writer->writing = full;
    writer->is_working = true;
    uv_queue_work(writer->loop, &writer->work, on_work, on_worked);
}

struct http_writer *http_writer_new(uv_loop_t *loop, int fd, void (*on_change)(void *owner),
                                    void *owner)
{
    struct http_writer *writer = xcalloc(1, sizeof *writer);

    writer->loop = loop;
    writer->fd = fd;
    writer->on_change = on_change;
    writer->owner = owner;
    writer->work.data = writer;
    writer->digest = digest_new();
    return writer;
}

bool http_writer_put(struct http_writer *writer, const char *bytes, size_t size)
{
    struct piece *filling = &writer->filling;

    assert(size <= HTTP_WRITER_ROOM && !writer->is_finishing);
    if (size > HTTP_WRITER_ROOM - filling->size) {
        if (writer->is_working)
            return false;
        write_out(writer);
    }
    if (!filling->bytes)
        filling->bytes = xcalloc(1, HTTP_WRITER_ROOM);
    memcpy(filling->bytes + filling->size, bytes, size);
    filling->size += size;
    return true;
}

void http_writer_finish(struct http_writer *writer)
{
    writer->is_finishing = true;
    if (writer->is_working)
        return;
    if (writer->filling.size > 0) {
        write_out(writer);
        return;
    }
    if (!writer->is_finished)
        digest_hex(writer->digest, writer->sha256);
    writer->is_finished = true;
}

bool http_writer_is_busy(const struct http_writer *writer)
{
    return writer->is_working;
}

const struct err *http_writer_failure(const struct http_writer *writer)
{
    return !writer->is_working && writer->failure.kind != ERR_OK ? &writer->failure : NULL;
}

const char *http_writer_sha256(const struct http_writer *writer)
{
    return writer->is_finished ? writer->sha256 : NULL;
}

void http_writer_free(struct http_writer *writer)
{
    if (!writer)
        return;
    assert(!writer->is_working);
    free(writer->filling.bytes);
    free(writer->writing.bytes);
    digest_free(writer->digest);
    free(writer);
}
