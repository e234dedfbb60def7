/*
 * sbom_document.c - rows come in the order head, bytes, bytes, head, ...; a document is over when
 * the next head or the end of the answer comes. So one that lacks a piece is seen as too short.
 */
#include "cli/sbom_document.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/base64.h"
#include "base/digest.h"
#include "cli/row.h"
#include "cli/state.h"
#include "control/answer.h"
#include "flow/stored_inflate.h"

enum { BYTES_MAX = 1 << 20 }; /* of a row */

struct reading {
    int fd; /* -1: nothing is written */
    sbom_document_fn *each;
    void *owner;
    struct stored_inflate *stored; /* NULL: no document is under way */
    char sha256[DIGEST_HEX_SIZE];
    struct err problem; /* of the one under way */
    struct buf bytes;
};

static void reading_release(struct reading *reading)
{
    stored_inflate_free(reading->stored);
    buf_release(&reading->bytes);
}

#define auto_reading __attribute__((cleanup(reading_release)))

static void drop(struct reading *reading)
{
    stored_inflate_free(reading->stored);
    reading->stored = NULL;
}

/* All of its rows were there. */
static void end_document(struct reading *reading)
{
    struct err *problem = &reading->problem;

    if (!reading->stored)
        return;
    if (problem->kind == ERR_OK)
        (void)stored_inflate_finish(reading->stored, problem);
    reading->each(reading->owner, reading->sha256, problem->kind == ERR_OK ? NULL : problem);
    drop(reading);
}

static bool begin_document(struct reading *reading, const json_t *row, struct err *err)
{
    const char *sha256 = row_string(row, "sha256");

    if (strlen(sha256) != DIGEST_HEX_SIZE - 1 || row_number(row, "size") < 0)
        return err_set(err, ERR_PROTOCOL, "read a stored document: the answer is not understood");
    end_document(reading);
    snprintf(reading->sha256, sizeof reading->sha256, "%s", sha256);
    reading->problem = (struct err){.kind = ERR_OK};
    reading->stored = stored_inflate_new(reading->sha256, row_number(row, "size"), reading->fd);
    return true;
}

static bool add_bytes(struct reading *reading, const char *text, struct err *err)
{
    struct buf *bytes = &reading->bytes;
    struct err *problem = &reading->problem;

    buf_clear(bytes);
    if (!base64_decode(text, strlen(text), bytes, err))
        return err_wrap(err, "read a stored document");
    if (!reading->stored || problem->kind != ERR_OK ||
        stored_inflate_add(reading->stored, bytes->bytes, bytes->size, problem))
        return true;
    /* Of a damaged document the rest is passed by; a full disk ends the reading. */
    if (problem->kind == ERR_DATA)
        return true;
    *err = *problem;
    return false;
}

static bool on_row(void *owner, json_t *row, struct err *err)
{
    struct reading *reading = owner;
    const char *bytes = row_string(row, "bytes");

    if (bytes)
        return add_bytes(reading, bytes, err);
    if (row_string(row, "sha256"))
        return begin_document(reading, row, err);
    drop(reading); /* it was forgotten meanwhile */
    return true;
}

static int read_all(struct session *session, json_t *arguments, struct reading *reading,
                    struct err *err)
{
    reading->bytes.max = BYTES_MAX;
    int exit_code = state_ask(session, "document", arguments, on_row, reading, err);
    if (exit_code == 0)
        end_document(reading);
    return exit_code;
}

static void keep_problem(void *owner, const char *sha256, const struct err *err)
{
    struct err *kept = owner;

    (void)sha256;
    *kept = err ? *err : (struct err){.kind = ERR_OK};
}

int sbom_document_read(struct session *session, const char *sha256, int fd, struct err *err)
{
    struct err problem;
    auto_json json_t *arguments = json_object();
    auto_reading struct reading reading = {.fd = fd, .each = keep_problem, .owner = &problem};

    /* Until it was told as whole. */
    err_set(&problem, ERR_INPUT, "the ledger forgot the document just now: try again");
    answer_put_path(arguments, "sha256", sha256);
    int exit_code = read_all(session, arguments, &reading, err);
    if (exit_code != 0 || problem.kind == ERR_OK)
        return exit_code;
    *err = problem;
    return err_kind_exit(problem.kind);
}

int sbom_document_each(struct session *session, sbom_document_fn *each, void *owner,
                       struct err *err)
{
    auto_json json_t *arguments = json_object();
    auto_reading struct reading reading = {.fd = -1, .each = each, .owner = owner};

    json_object_set_new(arguments, "all", json_true());
    return read_all(session, arguments, &reading, err);
}
