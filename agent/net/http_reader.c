/*
 * http_reader.c - a ring of chunks between one worker at a time and the loop.
 *
 *   worker:  pread -> digest -> (last one: compare digest, fstat)     fills ring[first + count]
 *   loop:    publish it, start the next; http_reader_take() empties   ring[first]
 *
 * Only one chunk is in work at a time, because a digest takes its bytes in order; so nothing here
 * needs a lock. While a worker runs, `target`, `digest`, `sha256` and `failure` are its own.
 */
#include "net/http_reader.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"

enum { CHUNKS_AHEAD = 4, NS_PER_S = 1000000000 };

struct chunk {
    char *bytes;
    size_t size;
};

struct http_reader {
    uv_work_t work;
    uv_loop_t *loop;
    const struct http_part *part;
    void *verify_owner;
    void (*on_change)(void *owner);
    void *change_owner;
    size_t chunk_size;
    struct chunk ring[CHUNKS_AHEAD];
    unsigned first;      /* the chunk that is being taken from */
    unsigned count;      /* chunks that hold something to take */
    size_t taken;        /* of the first chunk */
    int64_t taken_total; /* of the file */
    int64_t offset;      /* of the next read */
    bool has_started;
    bool is_working;
    bool is_stopped;
    bool is_read;
    struct err failure; /* ERR_OK: none */
    /* The worker's, while is_working. */
    struct digest *digest;
    struct chunk *target;
    char sha256[DIGEST_HEX_SIZE];
};

static bool is_last_read(const struct http_reader *reader)
{
    return reader->offset + (int64_t)reader->target->size == reader->part->size;
}

static bool refuse(const struct http_reader *reader, struct err *err, const char *how)
{
    auto_free char *name = printable_new(reader->part->file_name);

    return err_set(err, ERR_CHANGED, "read %.200s: %s", name, how);
}

/* Fills the target, or finds the file shorter than it was. */
static bool read_chunk(const struct http_reader *reader, struct err *err)
{
    const struct http_part *part = reader->part;
    size_t filled = 0;

    while (filled < reader->target->size) {
        ssize_t got = pread(part->fd, reader->target->bytes + filled, reader->target->size - filled,
                            reader->offset + (int64_t)filled);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            auto_free char *name = printable_new(part->file_name);

            return err_sys(err, errno, "read %.200s", name);
        }
        if (got == 0)
            return refuse(reader, err, "it became shorter");
        filled += (size_t)got;
    }
    return true;
}

/* All bytes are in our hands by now: what happens to the file from here on does not matter. */
static bool check_whole(struct http_reader *reader, struct err *err)
{
    const struct http_part *part = reader->part;
    struct stat now;

    digest_hex(reader->digest, reader->sha256);
    if (part->expect_sha256 && strcmp(part->expect_sha256, reader->sha256) != 0)
        return refuse(reader, err, "its content changed");
    if (fstat(part->fd, &now) < 0)
        return err_sys(err, errno, "look at the file again");
    int64_t mtime_ns = (int64_t)now.st_mtim.tv_sec * NS_PER_S + now.st_mtim.tv_nsec;
    if (now.st_size != part->size || mtime_ns != part->mtime_ns)
        return refuse(reader, err, "it changed while it was sent");
    if (part->inode != 0 && now.st_ino != part->inode)
        return refuse(reader, err, "it was replaced while it was sent");
    return true;
}

/* In a worker thread. */
static void on_work(uv_work_t *work)
{
    struct http_reader *reader = work->data;

    if (reader->offset == 0)
        (void)posix_fadvise(reader->part->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    if (!read_chunk(reader, &reader->failure))
        return;
    digest_add(reader->digest, reader->target->bytes, reader->target->size);
    if (is_last_read(reader))
        check_whole(reader, &reader->failure);
}

static void read_on(struct http_reader *reader);

/* The caller's own look at the digest, before the last chunk is given out. */
static bool is_accepted(struct http_reader *reader)
{
    const struct http_part *part = reader->part;

    return !part->verify ||
           part->verify(reader->verify_owner, part, reader->sha256, &reader->failure);
}

/* Not before the last chunk passed: what is published will be sent. */
static void publish(struct http_reader *reader)
{
    if (is_last_read(reader)) {
        if (!is_accepted(reader))
            return;
        reader->is_read = true;
    }
    reader->offset += (int64_t)reader->target->size;
    reader->count++;
}

static void on_worked(uv_work_t *work, int status)
{
    struct http_reader *reader = work->data;

    (void)status;
    reader->is_working = false;
    if (reader->failure.kind == ERR_OK && !reader->is_stopped) {
        publish(reader);
        read_on(reader);
    }
    reader->on_change(reader->change_owner);
}

static void read_on(struct http_reader *reader)
{
    int64_t left = reader->part->size - reader->offset;

    if (reader->is_working || reader->is_stopped || reader->failure.kind != ERR_OK || left == 0 ||
        reader->count == CHUNKS_AHEAD)
        return;
    reader->target = &reader->ring[(reader->first + reader->count) % CHUNKS_AHEAD];
    reader->target->size = left < (int64_t)reader->chunk_size ? (size_t)left : reader->chunk_size;
    /* A small file gets a small buffer, and a chunk that is never needed gets none. */
    if (!reader->target->bytes)
        reader->target->bytes = xcalloc(1, reader->target->size);
    reader->is_working = true;
    uv_queue_work(reader->loop, &reader->work, on_work, on_worked);
}

static void release_ring(struct http_reader *reader)
{
    for (size_t i = 0; i < CHUNKS_AHEAD; i++) {
        free(reader->ring[i].bytes);
        reader->ring[i].bytes = NULL;
    }
}

struct http_reader *http_reader_new(uv_loop_t *loop, const struct http_part *part,
                                    void *verify_owner)
{
    struct http_reader *reader = xcalloc(1, sizeof *reader);

    assert(part->size > 0);
    reader->loop = loop;
    reader->part = part;
    reader->verify_owner = verify_owner;
    reader->work.data = reader;
    reader->digest = digest_new();
    return reader;
}

void http_reader_on_change(struct http_reader *reader, void (*on_change)(void *owner), void *owner)
{
    reader->on_change = on_change;
    reader->change_owner = owner;
}

void http_reader_start(struct http_reader *reader, size_t chunk_size)
{
    assert(!reader->has_started && chunk_size > 0 && reader->on_change);
    reader->has_started = true;
    reader->chunk_size = chunk_size;
    read_on(reader);
}

bool http_reader_has_started(const struct http_reader *reader)
{
    return reader->has_started;
}

size_t http_reader_ready(const struct http_reader *reader)
{
    return reader->count > 0 ? reader->ring[reader->first].size - reader->taken : 0;
}

void http_reader_take(struct http_reader *reader, char *to, size_t size)
{
    const struct chunk *chunk = &reader->ring[reader->first];

    assert(size <= http_reader_ready(reader));
    memcpy(to, chunk->bytes + reader->taken, size);
    reader->taken += size;
    reader->taken_total += (int64_t)size;
    if (reader->taken < chunk->size)
        return;
    reader->taken = 0;
    reader->first = (reader->first + 1) % CHUNKS_AHEAD;
    reader->count--;
    /* The next part of the form reads ahead by now: two rings at once would be one too many. */
    if (reader->taken_total == reader->part->size)
        release_ring(reader);
    else
        read_on(reader);
}

bool http_reader_is_read(const struct http_reader *reader)
{
    return reader->is_read;
}

const struct err *http_reader_failure(const struct http_reader *reader)
{
    /* The worker may be writing it. */
    return !reader->is_working && reader->failure.kind != ERR_OK ? &reader->failure : NULL;
}

const char *http_reader_sha256(const struct http_reader *reader)
{
    return !reader->is_working && reader->is_read ? reader->sha256 : "";
}

void http_reader_stop(struct http_reader *reader)
{
    reader->is_stopped = true;
}

bool http_reader_is_busy(const struct http_reader *reader)
{
    return reader->is_working;
}

void http_reader_free(struct http_reader *reader)
{
    if (!reader)
        return;
    assert(!reader->is_working);
    release_ring(reader);
    digest_free(reader->digest);
    free(reader);
}
