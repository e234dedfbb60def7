/*
 * answer.c - the table of commands, and the turn of an answer.
 *
 * A command is a struct answer_kind: start() only looks at arguments, so that a request
 * that is not understood changes nothing; work() does one bounded piece.
 */
#include "control/answer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/printable.h"
#include "control/answer_parts.h"

static const struct answer_kind *const kinds[] = {
    &answer_status,       &answer_list,        &answer_show,     &answer_pause,
    &answer_resume,       &answer_rescan,      &answer_retry,    &answer_forget,
    &answer_hand,         &answer_upload,      &answer_handed,   &answer_sbom_history,
    &answer_sbom_current, &answer_sbom_accept, &answer_document, &answer_exports,
    &answer_export_run,
};

static const struct answer_kind *find_kind(const char *command)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i]->command, command) == 0)
            return kinds[i];
    }
    return NULL;
}

static bool start(struct answer *answer, struct err *err)
{
    const struct answer_kind *kind = answer->kind;

    if (!arguments_check(answer->arguments, kind->arguments, err) ||
        (kind->start && !kind->start(answer, err)))
        return err_wrap(err, "%s", kind->command);
    if (kind->changes && !answer->context.db)
        return err_set(err, ERR_INPUT, "%s: there is no ledger yet", kind->command);
    return true;
}

bool answer_changes(const char *command)
{
    const struct answer_kind *kind = find_kind(command);

    return !kind || kind->changes;
}

struct answer *answer_new(const char *command, const json_t *arguments,
                          const struct answer_context *context, struct err *err)
{
    const struct answer_kind *kind = find_kind(command);

    if (!kind) {
        auto_free char *text = printable_new(command);
        err_set(err, ERR_USAGE, "unknown command: %s", text);
        return NULL;
    }
    if (arguments && !json_is_object(arguments)) {
        err_set(err, ERR_USAGE, "%s: the arguments are no object", command);
        return NULL;
    }
    /* The request is gone before the answer is over: its arguments are kept. */
    auto_answer struct answer *answer = xcalloc(1, sizeof *answer);
    answer->kind = kind;
    answer->context = *context;
    for (size_t i = 0; i < CONTROL_FILES_MAX; i++)
        answer->fds[i] = -1;
    answer->arguments = arguments ? json_deep_copy(arguments) : json_object();
    return start(answer, err) ? auto_take(answer) : NULL;
}

void answer_free(struct answer *answer)
{
    if (!answer)
        return;
    for (size_t i = 0; i < CONTROL_FILES_MAX; i++) {
        if (answer->fds[i] >= 0)
            close(answer->fds[i]);
    }
    json_decref(answer->arguments);
    json_decref(answer->rows);
    buf_release(&answer->piece);
    free(answer->path);
    free(answer);
}

bool answer_work(struct answer *answer, json_t **row, bool *over, struct err *err)
{
    *row = NULL;
    *over = answer->over;
    if (answer->over)
        return true;
    if (!answer->kind->work(answer, row, &answer->over, err)) {
        assert(!*row);
        answer->over = true;
        return false;
    }
    *over = answer->over;
    return true;
}

bool answer_next(struct answer *answer, json_t **row, struct err *err)
{
    bool over;

    do {
        if (!answer_work(answer, row, &over, err))
            return false;
    } while (!*row && !over);
    return true;
}

int answer_exit(const struct answer *answer)
{
    return answer->exit;
}

void answer_put_path(json_t *arguments, const char *key, const char *path)
{
    arguments_put_path(arguments, key, path);
}

int64_t answer_now(const struct answer *answer)
{
    return answer->context.now_ms ? answer->context.now_ms() : clock_wall_ms();
}
