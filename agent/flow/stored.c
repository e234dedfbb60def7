#include "flow/stored.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/work.h"
#include "flow/stored_inflate.h"
#include "store/document.h"

/* What both ways share: where the reading is. */
struct reading {
    struct db *db;
    char sha256[DOCUMENT_SHA256_SIZE];
    int fd;
    int64_t id;
    int64_t position; /* of the next piece */
    struct buf piece;
    struct stored_inflate *inflate; /* NULL: the row was not looked for yet */
};

static void reading_init(struct reading *reading, struct db *db, const char *sha256, int fd)
{
    *reading = (struct reading){.db = db, .fd = fd, .piece = {.max = DOCUMENT_PIECE_MAX}};
    snprintf(reading->sha256, sizeof reading->sha256, "%s", sha256);
}

static void reading_release(struct reading *reading)
{
    stored_inflate_free(reading->inflate);
    buf_release(&reading->piece);
}

#define auto_reading __attribute__((cleanup(reading_release)))

static bool find(struct reading *reading, struct document_facts *facts, struct err *err)
{
    bool found = false;

    if (!document_find(reading->db, reading->sha256, facts, &found, err))
        return false;
    if (found)
        return true;
    auto_free char *shown = printable_new(reading->sha256);
    return err_set(err, ERR_INPUT, "read document %s: the ledger has none with this digest", shown);
}

/* Brings the next piece; *found is false behind the last one. */
static bool fetch_piece(struct reading *reading, bool *found, struct err *err)
{
    struct document_facts facts;

    if (!reading->inflate) {
        if (!find(reading, &facts, err))
            return false;
        reading->id = facts.id;
        reading->inflate = stored_inflate_new(reading->sha256, facts.size, reading->fd);
    }
    return document_piece(reading->db, reading->id, reading->position++, &reading->piece, found,
                          err);
}

static bool inflate_piece(struct reading *reading, struct err *err)
{
    return stored_inflate_add(reading->inflate, reading->piece.bytes, reading->piece.size, err);
}

/* One that was dropped from the ledger between two turns is not damaged. */
static void blame(struct reading *reading, struct err *err)
{
    struct document_facts facts;
    struct err gone = {.kind = ERR_OK};

    if (err->kind == ERR_DATA && !find(reading, &facts, &gone))
        *err = gone;
}

/* ---- on the loop ---- */

struct stored {
    struct op op; /* first */
    uv_loop_t *loop;
    struct reading reading;
    struct op *work;
    bool cancelled;
    struct err err;
    stored_done_fn *done;
    void *owner;
};

static void run(void *data)
{
    struct stored *stored = data;

    if (stored->reading.inflate)
        (void)inflate_piece(&stored->reading, &stored->err);
}

static void finish(struct stored *stored)
{
    stored_done_fn *done = stored->done;
    void *owner = stored->owner;
    struct err err = stored->err;

    if (!stored->cancelled)
        blame(&stored->reading, &err);
    reading_release(&stored->reading);
    free(stored);
    done(owner, err.kind == ERR_OK ? NULL : &err);
}

static void on_worked(void *data, bool cancelled)
{
    struct stored *stored = data;
    bool found = false;

    if (cancelled)
        err_set(&stored->err, ERR_CANCELLED, "ended while a document was read");
    if (stored->err.kind == ERR_OK && fetch_piece(&stored->reading, &found, &stored->err) && !found)
        (void)stored_inflate_finish(stored->reading.inflate, &stored->err);
    if (found)
        stored->work = work_start(stored->loop, run, on_worked, stored);
    else
        finish(stored);
}

static void cancel(struct op *op)
{
    struct stored *stored = (struct stored *)op;

    stored->cancelled = true;
    stored->work->cancel(stored->work);
}

struct op *stored_start(uv_loop_t *loop, struct db *db, const char *sha256, int fd,
                        stored_done_fn *done, void *owner)
{
    struct stored *stored = xcalloc(1, sizeof *stored);

    stored->op.cancel = cancel;
    stored->loop = loop;
    stored->done = done;
    stored->owner = owner;
    reading_init(&stored->reading, db, sha256, fd);
    /* The row is looked for when this has been through the pool: done() never comes from here. */
    stored->work = work_start(loop, run, on_worked, stored);
    return &stored->op;
}

bool stored_read(struct db *db, const char *sha256, int fd, struct err *err)
{
    auto_reading struct reading reading;
    bool found = true;

    reading_init(&reading, db, sha256, fd);
    while (fetch_piece(&reading, &found, err)) {
        if (!found)
            return stored_inflate_finish(reading.inflate, err);
        if (!inflate_piece(&reading, err))
            return false;
    }
    return false;
}
