/*
 * sbom_source.c - a file is read where it lies. A revision comes out of the ledger into a scratch
 * file: first the history says which digest it has, then its bytes are asked for.
 *
 * Documents of several formats are counted apart: without --format the configuration's first is
 * meant, and where the ledger has none of it, the one that its history begins with.
 */
#include "cli/sbom_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/row.h"
#include "cli/sbom_document.h"
#include "cli/scratch.h"
#include "cli/state.h"
#include "control/answer.h"
#include "control/answer_json.h"
#include "onekey/field.h"

enum { PIPE_MAX_BYTES = 512 << 20, CHUNK_BYTES = 256 * 1024 };

/* ---- files ---- */

static bool is_file(const char *typed)
{
    return strchr(typed, '/') || access(typed, F_OK) == 0;
}

static bool refuse(const char *path, const char *why, struct err *err)
{
    auto_free char *shown = printable_new(path);

    return err_set(err, ERR_INPUT, "read %s: %s", shown, why);
}

static bool write_all(int fd, const char *bytes, size_t size, struct err *err)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return err_sys(err, errno, "write a temporary file");
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

/* A document is read from its start more than once, a pipe cannot be. */
static bool drain(int from, int to, const char *path, struct err *err)
{
    auto_free char *chunk = xcalloc(1, CHUNK_BYTES);

    for (int64_t total = 0;;) {
        ssize_t got = read(from, chunk, CHUNK_BYTES);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return refuse(path, strerrordesc_np(errno), err);
        if (got == 0)
            return true;
        total += got;
        if (total > PIPE_MAX_BYTES)
            return refuse(path, "over 512 MiB", err);
        if (!write_all(to, chunk, (size_t)got, err))
            return false;
    }
}

static bool open_file(const struct session *session, const char *path, struct sbom_source *source,
                      struct err *err)
{
    struct stat facts;

    source->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (source->fd < 0 || fstat(source->fd, &facts) != 0)
        return refuse(path, strerrordesc_np(errno), err);
    if (S_ISDIR(facts.st_mode))
        return refuse(path, "that is a folder", err);
    if (S_ISREG(facts.st_mode))
        return true;
    auto_fd int pipe_fd = source->fd;
    source->fd = scratch_open(session->environment, err);
    return source->fd >= 0 && drain(pipe_fd, source->fd, path, err);
}

/* ---- revisions ---- */

struct revision {
    int64_t number; /* 0: none */
    char format[SBOM_TEXT_SIZE];
    char sha256[DIGEST_HEX_SIZE];
};

/* The wanted revision of one format, and the one before. */
struct pick {
    struct revision newer;
    struct revision older;
};

struct picking {
    char id[FIRMWARE_ID_SIZE];
    int64_t wanted;     /* 0: the latest */
    const char *format; /* the one that is meant, or the configuration's first */
    bool only;          /* no other format will do */
    struct pick meant;
    struct pick first; /* of the format that the listing begins with */
};

static void note(struct pick *pick, int64_t wanted, const json_t *row)
{
    int64_t number = row_number(row, "revision");
    const char *sha256 = row_string(row, "sha256");
    const char *format = row_string(row, "format");
    struct revision *slot = &pick->older;

    if (wanted == 0) /* they come in order: the last one stays */
        pick->older = pick->newer;
    if (wanted == 0 || number == wanted)
        slot = &pick->newer;
    else if (number > wanted)
        return;
    slot->number = number;
    snprintf(slot->format, sizeof slot->format, "%s", format);
    snprintf(slot->sha256, sizeof slot->sha256, "%s", sha256 ? sha256 : "");
}

static bool on_row(void *owner, json_t *row, struct err *err)
{
    struct picking *picking = owner;
    const char *format = row_string(row, "format");
    const struct revision *first = &picking->first.newer;

    (void)err;
    if (!format || json_is_true(json_object_get(row, "quarantined")))
        return true;
    if (strcmp(format, picking->format) == 0)
        note(&picking->meant, picking->wanted, row);
    bool begins = first->number == 0 && picking->first.older.number == 0;
    const char *of = first->number ? first->format : picking->first.older.format;
    if (begins || strcmp(format, of) == 0)
        note(&picking->first, picking->wanted, row);
    return true;
}

/* "ID" or "ID@N". */
static bool parse(const char *typed, struct picking *picking, struct err *err)
{
    const char *at = strrchr(typed, '@');
    size_t size = at ? (size_t)(at - typed) : strlen(typed);
    auto_free char *id = xstrndup(typed, size);
    auto_free char *shown = printable_new(typed);

    if (!firmware_id_is_sane(id)) {
        return err_set(err, ERR_INPUT,
                       "%s: there is no such file, and it is no firmware ID (ID, or ID@REVISION)",
                       shown);
    }
    snprintf(picking->id, sizeof picking->id, "%s", id);
    if (!at || (units_parse_count(at + 1, &picking->wanted, err) && picking->wanted > 0))
        return true;
    return err_set(err, ERR_USAGE, "%s: write the revision as a number, ID@2", shown);
}

static int pick(struct session *session, const char *typed, struct picking *picking,
                struct pick *picked, struct err *err)
{
    const char *format = session->args.format;
    auto_json json_t *arguments = json_object();

    if (!parse(typed, picking, err))
        return command_failed(err);
    if (!session->settings.config && !session_config(session, err))
        return command_failed(err);
    picking->only = format != NULL;
    picking->format = format ? format : session->settings.config->sbom.formats[0].name;
    answer_put_path(arguments, "firmware", picking->id);
    int exit_code = state_ask(session, "sbom-history", arguments, on_row, picking, err);
    if (exit_code != 0)
        return exit_code;
    bool has_meant = picking->meant.newer.number || picking->meant.older.number;
    *picked = picking->only || has_meant ? picking->meant : picking->first;
    if (picked->newer.number)
        return 0;
    err_set(err, ERR_INPUT,
            "the ledger has no %s%.100s%s of firmware %s: sbom history %s shows what there is",
            picking->wanted ? "such revision" : "SBOM", picking->only ? " in format " : "",
            picking->only ? format : "", picking->id, picking->id);
    return command_failed(err);
}

static int open_revision(struct session *session, const char *id, const struct revision *revision,
                         struct sbom_source *source, struct err *err)
{
    source->label = xasprintf("%s@%jd", id, (intmax_t)revision->number);
    source->firmware_id = xstrdup(id);
    source->revision = revision->number;
    memcpy(source->format, revision->format, sizeof source->format);
    memcpy(source->sha256, revision->sha256, sizeof source->sha256);
    source->fd = scratch_open(session->environment, err);
    if (source->fd < 0)
        return command_failed(err);
    return sbom_document_read(session, revision->sha256, source->fd, err);
}

/* ---- both ---- */

static int read_list(const struct session *session, struct sbom_source *source, struct err *err)
{
    auto_free char *shown = printable_new(source->label);

    source->scratch_fd = scratch_open(session->environment, err);
    if (source->scratch_fd < 0)
        return command_failed(err);
    source->list = sbom_list_read(source->fd, source->scratch_fd, &source->facts, err);
    if (source->list)
        return 0;
    err_wrap(err, "read %s", shown);
    return command_failed(err);
}

int sbom_source_open(struct session *session, const char *typed, struct sbom_source *source,
                     struct err *err)
{
    struct picking picking = {.wanted = 0};
    struct pick picked = {.newer = {.number = 0}};
    int exit_code = 0;

    if (is_file(typed)) {
        source->label = xstrdup(typed);
        if (!open_file(session, typed, source, err))
            return command_failed(err);
    } else {
        exit_code = pick(session, typed, &picking, &picked, err);
        if (exit_code == 0)
            exit_code = open_revision(session, picking.id, &picked.newer, source, err);
    }
    return exit_code ? exit_code : read_list(session, source, err);
}

int sbom_source_open_pair(struct session *session, const char *typed, struct sbom_source *older,
                          struct sbom_source *newer, struct err *err)
{
    struct picking picking = {.wanted = 0};
    struct pick picked = {.newer = {.number = 0}};

    if (is_file(typed)) {
        err_set(err, ERR_USAGE, "one file alone has nothing to be compared with: name two");
        return command_failed(err);
    }
    int exit_code = pick(session, typed, &picking, &picked, err);
    if (exit_code != 0)
        return exit_code;
    if (!picked.older.number) {
        err_set(err, ERR_INPUT,
                "revision %jd of firmware %s is the first one: there is nothing before it to "
                "compare it with",
                (intmax_t)picked.newer.number, picking.id);
        return command_failed(err);
    }
    exit_code = open_revision(session, picking.id, &picked.older, older, err);
    if (exit_code == 0)
        exit_code = open_revision(session, picking.id, &picked.newer, newer, err);
    if (exit_code == 0)
        exit_code = read_list(session, older, err);
    return exit_code ? exit_code : read_list(session, newer, err);
}

json_t *sbom_source_json(const struct sbom_source *source)
{
    bool is_file = !source->firmware_id;
    json_t *row = json_object();

    answer_json_put_text(row, "label", source->label);
    answer_json_put_text(row, "firmware_id", source->firmware_id);
    answer_json_put_text(row, "format", is_file ? NULL : source->format);
    answer_json_put(row, "revision", is_file ? json_null() : json_integer(source->revision));
    answer_json_put_text(row, "kind", sbom_kind_name(source->facts.kind));
    answer_json_put_text(row, "spec_version", source->facts.spec_version);
    answer_json_put(row, "components", json_integer(sbom_list_count(source->list)));
    return row;
}

void sbom_source_release(struct sbom_source *source)
{
    sbom_list_free(source->list);
    if (source->fd >= 0)
        close(source->fd);
    if (source->scratch_fd >= 0)
        close(source->scratch_fd);
    free(source->label);
    free(source->firmware_id);
}
