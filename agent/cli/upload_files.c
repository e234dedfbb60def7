#include "cli/upload_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/auto.h"
#include "base/beneath.h"
#include "base/mem.h"
#include "base/printable.h"
#include "cli/state.h"
#include "sbom/sbom_facts.h"
#include "sbom/sbom_file.h"

/* ---- opening ---- */

static bool refuse(const char *path, const char *what, enum err_kind kind, struct err *err)
{
    auto_free char *shown = printable_new(path);

    return err_set(err, kind, "%s: %s", shown, what);
}

/* Looked at before it is opened: opening a FIFO waits for its writer. */
static bool open_regular(const char *path, struct beneath_file *file, struct err *err)
{
    file->fd = open(path, O_PATH | O_CLOEXEC);
    if (file->fd < 0 || fstat(file->fd, &file->facts) != 0)
        return refuse(path, strerrordesc_np(errno), ERR_INPUT, err);
    const char *kind = beneath_kind_text(file->facts.st_mode);
    if (kind) {
        auto_free char *what = xasprintf("it %s", kind);
        return refuse(path, what, ERR_INPUT, err);
    }
    int number = beneath_reopen(file);
    if (number != 0)
        return refuse(path, strerrordesc_np(number), ERR_INPUT, err);
    return file->facts.st_size > 0 ||
           refuse(path, "the file is empty: did the build end well?", ERR_DATA, err);
}

static bool open_one(const char *typed, char **path, int *fd, int64_t *size, struct err *err)
{
    auto_beneath struct beneath_file file = BENEATH_FILE_NONE;

    *path = state_path(typed, err);
    if (!*path || !open_regular(*path, &file, err))
        return false;
    *fd = file.fd;
    *size = file.facts.st_size;
    file.fd = -1;
    return true;
}

/* ---- the SBOM ---- */

struct checking {
    struct err err;
};

static void on_inspected(void *owner, const struct sbom_file_result *result, const struct err *err)
{
    struct checking *checking = owner;

    if (err)
        checking->err = *err;
    else
        (void)sbom_importable(&result->facts, &checking->err);
}

static bool check_sbom(const char *path, int fd, struct err *err)
{
    struct checking checking = {.err = {.kind = ERR_OK}};
    uv_loop_t loop;

    if (uv_loop_init(&loop) != 0)
        abort();
    sbom_file_start(&loop, fd, -1, on_inspected, &checking);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    if (checking.err.kind == ERR_OK)
        return true;
    *err = checking.err;
    auto_free char *shown = printable_new(path);
    return err_wrap(err, "%s", shown);
}

/* ---- the whole ---- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* As Python's Path.stem: a name that begins with its only dot is whole. */
static int stem_size(const char *name)
{
    const char *dot = strrchr(name, '.');

    return (int)(dot && dot != name && dot[1] ? (size_t)(dot - name) : strlen(name));
}

char *upload_files_name(const struct args *args, const char *path, bool sbom_only)
{
    const char *base = base_name(path);

    if (args->name)
        return xstrdup(args->name);
    if (args->firmware_version)
        return xasprintf("%s-%s-%s", args->vendor, args->product, args->firmware_version);
    return xasprintf("%s-%s-%.*s", args->vendor, args->product,
                     sbom_only ? stem_size(base) : (int)strlen(base), base);
}

static bool open_all(const struct args *args, struct upload_files *files, struct err *err)
{
    if (files->sbom_only)
        return open_one(args->sbom, &files->path, &files->fd, &files->size, err) &&
               check_sbom(files->path, files->fd, err);
    if (!open_one(args->operands[0], &files->path, &files->fd, &files->size, err))
        return false;
    return !args->sbom ||
           (open_one(args->sbom, &files->sbom_path, &files->sbom_fd, &files->sbom_size, err) &&
            check_sbom(files->sbom_path, files->sbom_fd, err));
}

bool upload_files_open(const struct args *args, struct upload_files *files, struct err *err)
{
    *files = (struct upload_files){.fd = -1, .sbom_fd = -1, .sbom_only = args->operand_count == 0};
    if (!open_all(args, files, err))
        return false;
    files->name = upload_files_name(args, files->path, files->sbom_only);
    return true;
}

void upload_files_release(struct upload_files *files)
{
    if (files->fd >= 0)
        close(files->fd);
    if (files->sbom_fd >= 0)
        close(files->sbom_fd);
    free(files->path);
    free(files->sbom_path);
    free(files->name);
    *files = (struct upload_files){.fd = -1, .sbom_fd = -1};
}

struct handed_file upload_files_handed(const struct args *args, const struct upload_files *files)
{
    return (struct handed_file){
        .path = files->path,
        .fd = files->fd,
        .sbom_path = files->sbom_path,
        .sbom_fd = files->sbom_fd,
        .sbom_only = files->sbom_only,
        .force = args->force,
        .monitoring = args->monitoring,
        .vendor = args->vendor,
        .product = args->product,
        .name = files->name,
        .version = args->firmware_version,
        .category = args->category,
        .group = args->product_group,
        .configuration = args->analysis_configuration,
        .release_date = args->release_date,
        .notes = args->notes,
    };
}

struct request_view upload_files_view(const struct args *args, const struct upload_files *files,
                                      const char *api_url)
{
    struct request_view_part first = {.file_name = base_name(files->path), .size = files->size};
    struct request_view view = {
        .api_url = api_url,
        .vendor = args->vendor,
        .product = args->product,
        .name = files->name,
        .version = args->firmware_version,
        .category = args->category,
        .release_date = args->release_date,
        .notes = args->notes,
        .product_group = args->product_group,
        .analysis_configuration = args->analysis_configuration,
        .monitoring = args->monitoring,
    };

    if (files->sbom_only) {
        view.sbom = first;
        return view;
    }
    view.firmware = first;
    if (files->sbom_path)
        view.sbom = (struct request_view_part){.file_name = base_name(files->sbom_path),
                                               .size = files->sbom_size};
    return view;
}
