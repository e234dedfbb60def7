/*
 * export_index.c - a page of rows is read on the loop thread, then written in the thread pool.
 *
 * open     three temporary files, and what stands before the first row
 * page     ... until the walk is over
 * end      what follows the last row; then the files that have changed take their places
 */
#include "flow/export_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/publish.h"
#include "base/work.h"
#include "flow/export_index_row.h"

enum {
    PAGE_ROWS = 200,          /* read in one turn */
    FLUSH_BYTES = 65536,      /* written at once */
    TEXT_MAX_BYTES = 4 << 20, /* of what waits to be written: a row is a small part of it */
};

/* In the order in which they appear; the last one has the digests of the others. */
enum part { PART_JSON, PART_CSV, PART_SUMS, PART_COUNT };

static const char *const part_names[PART_COUNT] = {
    [PART_JSON] = "index.json",
    [PART_CSV] = "index.csv",
    [PART_SUMS] = "SHA256SUMS",
};

struct target {
    struct publish file;
    struct buf text; /* not written yet */
    struct digest *digest;
};

struct entry {
    struct sbom_row sbom;
    struct firmware_row firmware;
    const char *file; /* within sbom.file */
};

struct export_index {
    struct op op; /* first */
    uv_loop_t *loop;
    struct db *db;
    char *directory; /* without a slash at its end */
    unsigned mode;
    struct sbom_cursor cursor;
    struct entry *page; /* PAGE_ROWS */
    size_t count;
    bool is_open;
    bool is_last; /* the walk is over with this page */
    struct target targets[PART_COUNT];
    struct op *work;
    struct export_index_result result;
    struct err err;
    export_index_done_fn *done;
    void *owner;
};

/* ---- in the thread pool ---- */

static bool flush(struct target *target, struct err *err)
{
    digest_add(target->digest, target->text.bytes, target->text.size);
    if (!publish_add(&target->file, target->text.bytes, target->text.size, err))
        return false;
    buf_clear(&target->text);
    return true;
}

static bool open_all(struct export_index *index, struct err *err)
{
    struct target *targets = index->targets;

    for (int part = 0; part < PART_COUNT; part++) {
        if (!publish_open(index->directory, &targets[part].file, err))
            return false;
    }
    index->is_open = true;
    return buf_add_text(&targets[PART_JSON].text, "[\n", err) &&
           export_index_csv_header(&targets[PART_CSV].text, err);
}

static bool add_entry(struct export_index *index, const struct entry *entry, struct err *err)
{
    struct target *targets = index->targets;
    const struct export_index_row row = {
        .sbom = &entry->sbom,
        .firmware = &entry->firmware,
        .file = entry->file,
    };

    if (!buf_add_text(&targets[PART_JSON].text, index->result.rows > 0 ? ",\n" : "", err) ||
        !export_index_json(&targets[PART_JSON].text, &row, err) ||
        !export_index_csv(&targets[PART_CSV].text, &row, err) ||
        !export_index_sum(&targets[PART_SUMS].text, entry->sbom.sha256, entry->file, err))
        return false;
    index->result.rows++;
    for (int part = 0; part < PART_COUNT; part++) {
        if (targets[part].text.size >= FLUSH_BYTES && !flush(&targets[part], err))
            return false;
    }
    return true;
}

static bool add_ends(struct export_index *index, struct err *err)
{
    struct target *targets = index->targets;
    const char *end = index->result.rows > 0 ? "\n]\n" : "]\n";

    if (!buf_add_text(&targets[PART_JSON].text, end, err))
        return false;
    for (int part = 0; part < PART_SUMS; part++) {
        char hex[DIGEST_HEX_SIZE];

        if (!flush(&targets[part], err))
            return false;
        digest_hex(targets[part].digest, hex);
        if (!export_index_sum(&targets[PART_SUMS].text, hex, part_names[part], err))
            return false;
    }
    return flush(&targets[PART_SUMS], err);
}

/* All that has changed is on the disk before the first one takes its place. */
static bool put_in_place(struct export_index *index, struct err *err)
{
    for (int part = 0; part < PART_COUNT; part++) {
        struct publish *file = &index->targets[part].file;

        if (publish_is_same(file, part_names[part]))
            publish_discard(file);
        else if (!publish_sync(file, err))
            return err_wrap(err, "write %s", part_names[part]);
    }
    for (int part = 0; part < PART_COUNT; part++) {
        struct publish *file = &index->targets[part].file;

        if (file->fd < 0)
            continue;
        if (!publish_commit(file, part_names[part], index->mode, err))
            return false;
        index->result.written++;
    }
    return true;
}

static bool write_page(struct export_index *index, struct err *err)
{
    for (size_t i = 0; i < index->count; i++) {
        if (!add_entry(index, &index->page[i], err))
            return false;
    }
    return !index->is_last || (add_ends(index, err) && put_in_place(index, err));
}

static void run(void *data)
{
    struct export_index *index = data;

    if (index->is_open ? !write_page(index, &index->err) : !open_all(index, &index->err))
        err_wrap(&index->err, "write the index of the SBOM folder");
}

/* ---- on the loop ---- */

/* The rest of a path below the folder; NULL for one elsewhere. */
static const char *path_below(const char *path, const char *directory)
{
    size_t size = strlen(directory);

    if (strncmp(path, directory, size) != 0 || path[size] != '/')
        return NULL;
    path += size + strspn(path + size, "/");
    return *path ? path : NULL;
}

static void clear_page(struct export_index *index)
{
    for (size_t i = 0; i < index->count; i++)
        firmware_row_release(&index->page[i].firmware);
    index->count = 0;
}

static bool read_page(struct export_index *index, struct err *err)
{
    for (int looked = 0; looked < PAGE_ROWS; looked++) {
        struct entry *entry = &index->page[index->count];
        bool found = false;

        if (!sbom_next_current(index->db, &index->cursor, &entry->sbom, &found, err))
            return false;
        if (!found) {
            index->is_last = true;
            return true;
        }
        entry->file = path_below(entry->sbom.file, index->directory);
        if (!entry->file)
            continue;
        entry->firmware = (struct firmware_row){0};
        if (!firmware_row_get(index->db, entry->sbom.firmware_id, &entry->firmware, &found, err))
            return false;
        index->count++;
    }
    return true;
}

static void finish(struct export_index *index)
{
    export_index_done_fn *done = index->done;
    void *owner = index->owner;
    struct export_index_result result = index->result;
    struct err err = index->err;

    for (int part = 0; part < PART_COUNT; part++) {
        publish_discard(&index->targets[part].file);
        buf_release(&index->targets[part].text);
        digest_free(index->targets[part].digest);
    }
    free(index->directory);
    free(index->page);
    free(index);
    if (err.kind == ERR_OK)
        done(owner, &result, NULL);
    else
        done(owner, NULL, &err);
}

static void on_worked(void *data, bool cancelled)
{
    struct export_index *index = data;

    clear_page(index);
    if (cancelled)
        err_set(&index->err, ERR_CANCELLED, "ended while the index was written");
    if (index->err.kind != ERR_OK || index->is_last) {
        finish(index);
        return;
    }
    if (read_page(index, &index->err)) {
        index->work = work_start(index->loop, run, on_worked, index);
        return;
    }
    err_wrap(&index->err, "read the index of the SBOM folder");
    clear_page(index);
    finish(index);
}

static void cancel(struct op *op)
{
    struct export_index *index = (struct export_index *)op;

    index->work->cancel(index->work);
}

struct op *export_index_start(const struct export_index_options *options,
                              export_index_done_fn *done, void *owner)
{
    struct export_index *index = xcalloc(1, sizeof *index);
    size_t size = strlen(options->directory);

    index->op.cancel = cancel;
    index->loop = options->loop;
    index->db = options->db;
    while (size > 1 && options->directory[size - 1] == '/')
        size--;
    index->directory = xstrndup(options->directory, size);
    index->mode = options->file_mode;
    index->page = xcalloc(PAGE_ROWS, sizeof *index->page);
    for (int part = 0; part < PART_COUNT; part++) {
        index->targets[part] = (struct target){
            .file = {.folder_fd = -1, .fd = -1},
            .text = {.max = TEXT_MAX_BYTES},
            .digest = digest_new(),
        };
    }
    index->done = done;
    index->owner = owner;
    index->work = work_start(index->loop, run, on_worked, index);
    return &index->op;
}
