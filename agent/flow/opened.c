#include "flow/opened.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/work.h"
#include "watch/metadata.h"

void opened_init(struct opened *opened)
{
    *opened = (struct opened){0};
    opened->image.fd = opened->sbom.fd = -1;
    opened->sidecar.max =
        METADATA_SIDECAR_MAX_BYTES + 1; /* one over: the parser says "too large" */
}

void opened_release(struct opened *opened)
{
    beneath_file_release(&opened->image);
    beneath_file_release(&opened->sbom);
    buf_release(&opened->sidecar);
    free(opened->root);
    free(opened->relpath);
    free(opened->sidecar_path);
    free(opened->sbom_path);
    opened_init(opened);
}

static bool open_image(struct opened *opened, int root, struct err *err)
{
    if (!beneath_open_file(root, opened->relpath, opened->links, &opened->image, err))
        return false;
    struct beneath_facts now = beneath_facts_of(&opened->image.facts);
    if (!beneath_facts_equal(&now, &opened->expected, opened->network))
        return err_set(err, ERR_CHANGED, "the file is no longer what it was when it settled");
    return true;
}

static bool read_sidecar(struct opened *opened, int root, struct err *err)
{
    struct beneath_file file = {.fd = -1};
    struct err trouble = {.kind = ERR_OK};

    if (!opened->sidecar_path)
        return true;
    if (!beneath_open_file(root, opened->sidecar_path, opened->links, &file, &trouble)) {
        if (trouble.kind == ERR_GONE)
            return true;
        *err = trouble;
        return err_wrap(err, "sidecar %s", opened->sidecar_path);
    }
    opened->has_sidecar = true;
    bool ok = buf_read_fd(&opened->sidecar, file.fd, &trouble);
    beneath_file_release(&file);
    if (!ok && trouble.kind == ERR_PROTOCOL)
        return err_set(err, ERR_INPUT, "sidecar %s is larger than 64 KiB", opened->sidecar_path);
    if (!ok)
        *err = trouble;
    return ok;
}

static bool open_sbom(struct opened *opened, int root, struct err *err)
{
    struct err trouble = {.kind = ERR_OK};

    if (!opened->sbom_path ||
        beneath_open_file(root, opened->sbom_path, opened->links, &opened->sbom, &trouble))
        return true;
    opened->sbom.fd = -1;
    if (trouble.kind == ERR_GONE)
        return true;
    *err = trouble;
    return err_wrap(err, "SBOM %s", opened->sbom_path);
}

static void run(void *data)
{
    struct opened *opened = data;
    int fd = -1;

    if (!beneath_open_root(opened->root, &fd, &opened->err))
        return;
    auto_fd int root = fd;
    (void)(open_image(opened, root, &opened->err) && read_sidecar(opened, root, &opened->err) &&
           open_sbom(opened, root, &opened->err));
}

/* ---- handed over ---- */

static bool open_again(int fd, struct beneath_file *file, struct err *err)
{
    file->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    return (file->fd >= 0 && fstat(file->fd, &file->facts) == 0) ||
           err_sys(err, errno, "look at the file that was handed over");
}

static void run_handed(void *data)
{
    struct opened *opened = data;
    const struct handed *handed = opened->handed;

    if (!open_again(handed->fd, &opened->image, &opened->err) ||
        (handed->sbom_fd >= 0 && !open_again(handed->sbom_fd, &opened->sbom, &opened->err)))
        return;
    struct beneath_facts now = beneath_facts_of(&opened->image.facts);
    if (!beneath_facts_equal(&now, &opened->expected, opened->network))
        err_set(&opened->err, ERR_CHANGED, "the file was changed after it was handed over");
}

static void on_done(void *data, bool cancelled)
{
    struct opened *opened = data;

    if (cancelled)
        err_set(&opened->err, ERR_CANCELLED, "ended while it was opened");
    opened->done(opened->owner, opened->err.kind == ERR_OK ? NULL : &opened->err);
}

static void expect(struct opened *opened, const struct item *item)
{
    opened->expected = (struct beneath_facts){
        .size = item->size,
        .mtime_ns = item->mtime_ns,
        .dev = (uint64_t)item->device,
        .ino = (uint64_t)item->inode,
    };
}

struct op *opened_start(uv_loop_t *loop, struct opened *opened, const struct source *source,
                        const struct item *item, void (*done)(void *owner, const struct err *err),
                        void *owner)
{
    const char *relpath = source_relpath(source, item->path);

    opened_release(opened);
    opened->root = xstrdup(source->path);
    opened->relpath = xstrdup(relpath ? relpath : item->path);
    opened->sidecar_path = rule_sidecar_path(source->rules, opened->relpath);
    opened->sbom_path = rule_attachment_path(source->rules, opened->relpath);
    opened->links = source->links;
    opened->network = source->network;
    expect(opened, item);
    opened->done = done;
    opened->owner = owner;
    return work_start(loop, run, on_done, opened);
}

struct op *opened_start_handed(uv_loop_t *loop, struct opened *opened, const struct handed *handed,
                               const struct item *item,
                               void (*done)(void *owner, const struct err *err), void *owner)
{
    opened_release(opened);
    opened->handed = handed;
    opened->sbom_path = handed->sbom_path ? xstrdup(handed->sbom_path) : NULL;
    expect(opened, item);
    opened->done = done;
    opened->owner = owner;
    return work_start(loop, run_handed, on_done, opened);
}
